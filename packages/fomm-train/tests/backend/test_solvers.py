import numpy as np

from fomm_train.backend.solvers import Network, Schedule
from fomm_train.config import TrainParams


def test_rates_fall_to_a_tenth_at_milestones():
    schedule = Schedule(TrainParams(lr_generator=2e-4, epoch_milestones=[2, 3]), 100)
    rates = [schedule.rate(Network.GENERATOR, epoch, 0) for epoch in range(5)]
    np.testing.assert_allclose(rates, [2e-4, 2e-4, 2e-5, 2e-6, 2e-6])


def test_rates_decay_geometrically_to_the_end():
    params = TrainParams(lr_kp_detector=1e-3, decay_from=0.6, decay_to=0.01)
    schedule = Schedule(params, 100)
    rates = [schedule.rate(Network.KP_DETECTOR, 0, step) for step in (0, 60, 80, 100, 500)]
    np.testing.assert_allclose(rates, [1e-3, 1e-3, 1e-4, 1e-5, 1e-5], rtol=1e-6)


def test_no_decay_by_default():
    schedule = Schedule(TrainParams(lr_discriminator=1e-3), 10)
    assert schedule.rate(Network.DISCRIMINATOR, 0, 10) == 1e-3
