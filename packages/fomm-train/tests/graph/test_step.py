import math

import nnabla as nn
import numpy as np
import pytest
from nnabla.ext_utils import get_extension_context

from fomm_core.distributed import SingleProcess
from fomm_train.backend.nnabla.precision import NNablaPrecision, make_precision
from fomm_train.backend.precision import FIRST_SCALE, LossScale
from fomm_train.backend.solvers import Network
from fomm_train.errors import DivergenceError
from fomm_train.graph.step import TrainingStep

ALL = {"reconstruction": 10, "generator_gan": 1, "discriminator_gan": 1}


class Averaging(SingleProcess):
    """Pretends to be two ranks; the other one has the same numbers and may want to stop."""

    size = 2

    def __init__(self, other_stops=0.0, other_loss=None):
        self.reduced = []
        self.other_stops = other_stops
        self.other_loss = other_loss

    def all_reduce_mean(self, arrays):
        self.reduced.append(len(arrays))

    def all_reduce_sum(self, array):
        others = array.copy()
        others[-1] = self.other_stops
        if self.other_loss is not None:
            others[0] = self.other_loss
        array += others


@pytest.fixture
def make_step(build):
    def make(weights=ALL, communicator=None, precision=None, total_steps=10, **train):
        precision = precision or make_precision("cpu", 0)
        graph = build(weights, precision=precision, **train)
        config = graph.config
        communicator = communicator or SingleProcess()
        return graph, TrainingStep(config, graph, communicator, precision, total_steps)

    return make


def test_a_step_reports_and_trains_all_networks(make_step, make_batch):
    graph, step = make_step()
    before = graph.networks.values()
    report = step.run(make_batch(), 0, 0)
    assert [loss.name for loss in report.losses] == [
        "total_generator",
        "generator_gan",
        "reconstruction",
        "total_discriminator",
        "discriminator_gan",
    ]
    values = {loss.name: loss.value for loss in report.losses}
    assert values["total_generator"] == pytest.approx(
        values["generator_gan"] + values["reconstruction"], rel=1e-5
    )
    assert not report.stop
    after = graph.networks.values()
    changed = {name.partition("/")[0] for name in before if (after[name] != before[name]).any()}
    assert changed == {"generator", "kp_detector", "discriminator"}


def test_training_on_one_batch_improves_it(make_step, make_batch):
    _, step = make_step({"reconstruction": 10}, lr_generator=5e-3, lr_kp_detector=5e-3)
    batch = make_batch()
    losses = [step.run(batch, 0, number).losses[0].value for number in range(30)]
    assert losses[-1] < 0.9 * losses[0]


def test_a_rate_of_zero_leaves_a_network_alone(make_step, make_batch):
    graph, step = make_step(lr_kp_detector=0.0)
    before = graph.networks.values()
    step.run(make_batch(), 0, 0)
    after = graph.networks.values()
    trained = [n for n, v in graph.networks.parameters().items() if v.need_grad]
    detector = [name for name in trained if name.startswith("kp_detector/")]
    assert all((after[name] == before[name]).all() for name in detector)


def test_a_network_left_alone_changes_nothing_for_the_others(make_step, make_batch):
    batch = make_batch()
    generators = []
    for rate in (0.0, 1e-3):
        graph, step = make_step(lr_kp_detector=rate)
        step.run(batch, 0, 0)
        values = graph.networks.values()
        generators.append({n: v for n, v in values.items() if n.startswith("generator/")})
    still, moving = generators
    for name, value in still.items():
        np.testing.assert_array_equal(value, moving[name], err_msg=name)


def test_infinite_losses_stop_before_any_parameter_changes(make_step, make_batch):
    graph, step = make_step({"reconstruction": 1e38})
    batch = make_batch()
    batch.target[...] = 1e5
    trained = {n for n, v in graph.networks.parameters().items() if v.need_grad}
    before = graph.networks.values()
    with pytest.raises(
        DivergenceError, match=r"step 8 \(epoch 3\): .*reconstruction inf"
    ) as caught:
        step.run(batch, 3, 7)
    assert caught.value.step == 8
    after = graph.networks.values()
    assert all((after[name] == before[name]).all() for name in trained)


def test_a_loss_that_is_infinite_elsewhere_stops_this_rank_too(make_step, make_batch):
    _, step = make_step(communicator=Averaging(other_loss=math.nan))
    with pytest.raises(DivergenceError, match="total_generator nan"):
        step.run(make_batch(), 0, 0)


def test_all_ranks_hear_that_one_wants_to_stop(make_step, make_batch):
    _, step = make_step(communicator=Averaging(other_stops=1.0))
    assert step.run(make_batch(), 0, 0).stop
    _, step = make_step(communicator=Averaging())
    assert not step.run(make_batch(), 0, 0).stop
    assert step.run(make_batch(), 0, 1, stop=True).stop


def test_losses_are_means_over_the_ranks_and_gradients_travel_once(make_step, make_batch):
    communicator = Averaging()
    graph, step = make_step(communicator=communicator)
    _, alone = make_step()
    batch = make_batch()
    assert step.run(batch, 0, 0).losses == alone.run(batch, 0, 0).losses
    trained = [n for n, v in graph.networks.parameters().items() if v.need_grad]
    judges = [name for name in trained if name.startswith("discriminator/")]
    assert communicator.reduced == [len(trained) - len(judges), len(judges)]


def test_steps_from_a_saved_state_are_the_same(make_step, make_batch):
    graph, step = make_step()
    for number in range(2):
        step.run(make_batch(seed=number), 0, number)
    parameters, states = graph.networks.values(), step.solver_states()
    expected = [step.run(make_batch(seed=n), 0, n).losses for n in (2, 3)]

    other, again = make_step()
    for name, variable in other.networks.parameters().items():
        variable.d = parameters[name]
    for network, solver in again.solvers.items():
        solver.restore(states[network])
    assert set(states) == set(Network)
    assert [again.run(make_batch(seed=n), 0, n).losses for n in (2, 3)] == expected


def test_scaled_losses_give_the_same_step(make_step, make_batch):
    single = get_extension_context("cpu")
    batch, found = make_batch(), []
    for precision in (NNablaPrecision(single), NNablaPrecision(single, single)):
        graph, step = make_step(precision=precision)
        step.run(batch, 0, 0)
        found.append((graph.networks.values(), step.loss_scale))
    (expected, alone), (scaled, scale) = found
    assert (alone.scale, scale.scale) == (1.0, FIRST_SCALE)
    for name, value in expected.items():
        np.testing.assert_allclose(scaled[name], value, atol=1e-5, err_msg=name)


def test_an_overflow_skips_the_update_and_halves_the_scale(make_step, make_batch):
    single = get_extension_context("cpu")
    graph, step = make_step({"reconstruction": 1e6}, precision=NNablaPrecision(single, single))
    step.loss_scale = LossScale(1e38)
    trained = {n for n, v in graph.networks.parameters().items() if v.need_grad}
    before = graph.networks.values()
    step.run(make_batch(), 0, 0)
    after = graph.networks.values()
    assert all((after[name] == before[name]).all() for name in trained)
    assert step.loss_scale == LossScale(0.5e38)


def test_contexts_are_restored(make_step, make_batch):
    before = str(nn.get_current_context())
    _, step = make_step()
    step.run(make_batch(), 0, 0)
    assert str(nn.get_current_context()) == before
