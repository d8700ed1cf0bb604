import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_train.backend.averaging import HostAverages
from fomm_train.graph.averaging import AveragedParameters, Averages


class Held:
    """Operations that hold parameters, and no more."""

    def __init__(self, **values):
        self.values = {f"{name}/x": np.array(value, np.float32) for name, value in values.items()}

    def parameters(self):
        return self.values

    def read(self, parameter):
        return parameter.copy()

    def make_averages(self, parameters, values):
        return HostAverages(self, parameters, values)


def test_early_averages_forget_faster():
    held = Held(generator=[0.0])
    averages = AveragedParameters(held)
    held.values["generator/x"][:] = 1
    averages.update(0.999)
    assert averages.read().values["generator/x"] == pytest.approx(1 - 2 / 11)
    assert averages.read().updates == 1


def test_late_averages_are_exponential():
    held = Held(generator=[0.0])
    averages = AveragedParameters(held, Averages({"generator/x": np.zeros(1, np.float32)}, 100_000))
    held.values["generator/x"][:] = 1
    for _ in range(3):
        averages.update(0.9)
    assert averages.read().values["generator/x"] == pytest.approx(1 - 0.9**3)


@given(st.lists(st.floats(-8, 8, width=32), min_size=1, max_size=20), st.floats(0, 0.999))
def test_averages_stay_between_the_values(values, decay):
    held = Held(kp_detector=values[0])
    averages = AveragedParameters(held)
    for value in values:
        held.values["kp_detector/x"][...] = value
        averages.update(decay)
    assert min(values) - 1e-4 <= averages.read().values["kp_detector/x"] <= max(values) + 1e-4


def test_the_discriminator_is_not_averaged_and_nothing_is_shared():
    held = Held(generator=[1.0], kp_detector=[2.0], discriminator=[3.0])
    averages = AveragedParameters(held)
    assert set(averages.read().values) == {"generator/x", "kp_detector/x"}
    held.values["generator/x"][:] = 5
    assert averages.read().values["generator/x"] == 1


def test_a_step_averages_what_it_has_trained(needs_nnabla, build, make_batch):
    from fomm_core.distributed import SingleProcess
    from fomm_train.backend.nnabla.precision import make_precision
    from fomm_train.graph.step import TrainingStep

    graph = build({"reconstruction": 10}, averaging_decay=0.5)
    step = TrainingStep(graph.config, graph, SingleProcess(), make_precision("cpu", 0), 10)
    step.begin_averages(None)
    before = graph.networks.values()
    step.run(make_batch(), 0, 0)
    after, exported = graph.networks.values(), step.exported_parameters()
    for name, value in exported.items():
        kept = 0.0 if name.startswith("discriminator/") else 2 / 11
        expected = kept * before[name] + (1 - kept) * after[name]
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6, err_msg=name)
