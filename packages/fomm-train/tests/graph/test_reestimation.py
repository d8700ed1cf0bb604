from functools import partial

import numpy as np
import pytest

from fomm_core.distributed import SingleProcess
from fomm_train.backend.nnabla.precision import make_precision
from fomm_train.graph.reestimation import reestimate_statistics
from fomm_train.graph.step import TrainingStep

ALL = {"reconstruction": 10, "equivariance_value": 1, "generator_gan": 1, "discriminator_gan": 1}


@pytest.fixture
def step(build):
    graph = build(ALL, statistics_batches=1)
    return TrainingStep(graph.config, graph, SingleProcess(), make_precision("cpu", 0), 10)


def reestimate(step, *batches):
    exported = step.exported_parameters()
    passes = (partial(step.observe, batch) for batch in batches)
    return reestimate_statistics(step.operations, exported, passes)


def statistics(parameters):
    return {n: v for n, v in parameters.items() if n.endswith(("/bn/mean", "/bn/var"))}


def test_a_pass_that_finds_its_own_statistics_records_the_same(step, make_batch):
    batch = make_batch()
    before, found = statistics(step.exported_parameters()), statistics(reestimate(step, batch))
    own = step.operations.parameters()
    for name, value in found.items():
        assert np.abs(value - before[name]).max() > 1e-3
        step.operations.write(own[name], value)
    step.observe(batch)
    for name, value in statistics(step.exported_parameters()).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


def test_statistics_are_means_over_the_batches(step, make_batch):
    batches = [make_batch(seed=seed) for seed in range(3)]
    alone = [statistics(reestimate(step, batch)) for batch in batches]
    for name, value in statistics(reestimate(step, *batches)).items():
        expected = np.mean([found[name] for found in alone], axis=0)
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6, err_msg=name)


def test_nothing_else_changes(step, make_batch):
    step.run(make_batch(), 0, 0)
    before = step.exported_parameters()
    found = reestimate(step, make_batch(seed=1))
    after = step.exported_parameters()
    assert list(found) == list(before)
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value, err_msg=name)
        if name not in statistics(before):
            np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_statistics_of_what_is_never_run_stay(build, make_batch):
    graph = build({"reconstruction": 10}, true_keypoints_only=True, statistics_batches=1)
    step = TrainingStep(graph.config, graph, SingleProcess(), make_precision("cpu", 0), 10)
    before = statistics(step.exported_parameters())
    found = statistics(reestimate(step, make_batch(with_truth=True)))
    changed = {name.partition("/")[0] for name in before if (found[name] != before[name]).any()}
    assert changed == {"generator"}
