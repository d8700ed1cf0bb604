"""Compiled and channel-last training: the same steps, and what is done without a compiler."""

from functools import partial

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from fomm_core.distributed import SingleProcess
from fomm_core.errors import DistributedError
from fomm_train.backend.precision import Arithmetic
from fomm_train.backend.solvers import BETA1
from fomm_train.backend.torch import precision as module
from fomm_train.backend.torch.backend import TorchBackend
from fomm_train.backend.torch.compiler import find_compiler_failure
from fomm_train.backend.torch.precision import TorchPrecision
from fomm_train.data.batch import Batch
from fomm_train.graph.step import TrainingStep
from fomm_train.graph.training_graph import build_graph

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def train_once(mini_config):
    """A function: losses and gradients of the first step with this arithmetic."""
    weights = {"perceptual": None, "reconstruction": 10}
    params = mini_config.train_params
    params = params.model_copy(
        update={"loss_weights": params.loss_weights.model_copy(update=weights)}
    )
    config = mini_config.model_copy(update={"train_params": params})
    size, *_ = config.dataset_params.frame_shape
    rows, columns = np.mgrid[0:size, 0:size] / size
    phases = np.arange(6)[:, None, None]
    source, driving = (
        np.float32(0.5 + 0.4 * np.sin(6 * (columns * across + rows) + phases))
        for across in (1, 1.5)
    )
    shape = (2, 3, size, size)
    batch = Batch(
        source=source.reshape(shape),
        driving=driving.reshape(shape),
        target=driving.reshape(shape),
        truth=None,
        sample_ids=np.arange(2),
    )

    def train(**arithmetic):
        precision = TorchPrecision(CPU, Arithmetic(backend="torch", **arithmetic))
        ranks = SingleProcess()
        graph = build_graph(config, precision.make_operations(ranks), None, precision)
        step = TrainingStep(config, graph, ranks, precision, 10)
        report = step.run(batch, 0, 0)
        moments = [m for state in step.solver_states().values() for m in state.values()]
        gradients = np.concatenate([m.mean.ravel() / (1 - BETA1) for m in moments])
        return np.array([loss.value for loss in report.losses]), gradients

    return train


@pytest.fixture(scope="module")
def eager(train_once):
    return train_once()


def assert_equal(found, expected, gradients_within=1e-5):
    (losses, gradients), (other_losses, other_gradients) = found, expected
    np.testing.assert_allclose(losses, other_losses, rtol=1e-5)
    difference = np.linalg.norm(gradients - other_gradients)
    assert difference < gradients_within * np.linalg.norm(gradients)


def test_a_channel_last_step_is_the_same(train_once, eager):
    # Its convolutions round otherwise, which decides on the sign of the input of a ReLU or two.
    assert_equal(train_once(channel_last=True), eager, gradients_within=2e-3)


def test_the_compiler_sees_whole_objectives_and_changes_nothing(train_once, eager, monkeypatch):
    # What it makes of them takes minutes; that it can follow all of them is seen without.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager", fullgraph=True))
    assert_equal(train_once(compiled=True), eager)


def fail(*_, **__):
    raise RuntimeError("no C++ compiler\nsee elsewhere")


def test_without_a_compiler_training_goes_on_and_one_line_says_so(monkeypatch, caplog):
    monkeypatch.setattr(torch, "compile", lambda function: fail)
    assert find_compiler_failure(CPU) == "no C++ compiler"
    made = module.make_precision("cpu", 0, Arithmetic(backend="torch", compiled=True))
    assert not made.arithmetic.compiled
    (record,) = caplog.records
    assert record.message.endswith("cannot compile here: no C++ compiler")


def test_a_compiler_that_works_is_used(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function: function)
    assert find_compiler_failure(CPU) == ""
    made = module.make_precision("cpu", 0, Arithmetic(backend="torch", compiled=True))
    assert made.make_operations(SingleProcess()).compiled


def test_several_ranks_do_not_compile():
    class Ranks(SingleProcess):
        size = 2

    with pytest.raises(DistributedError, match="--compile: expected one process, found several"):
        TorchBackend().make_precision("cpu", Ranks(), Arithmetic("float", compiled=True))
