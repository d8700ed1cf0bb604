import numpy as np
import pytest

from fomm_train.config import LossWeights, TrainParams
from fomm_train.graph.inputs import draw_teacher_forcing, needs_truth, teacher_forcing_probability


def test_true_keypoints_fade_out():
    params = TrainParams(true_keypoints_until=0.4)
    found = [teacher_forcing_probability(params, step, 100) for step in (0, 10, 40, 99)]
    assert found == [1.0, 0.75, 0.0, 0.0]
    assert teacher_forcing_probability(TrainParams(), 0, 100) == 0.0


def test_whether_a_sample_is_fed_depends_on_nothing_but_itself():
    ids = np.arange(1000)
    fed = draw_teacher_forcing(ids, 7, 0.3)
    assert set(fed) == {0.0, 1.0}
    assert 0.25 < fed.mean() < 0.35
    np.testing.assert_array_equal(fed[500:], draw_teacher_forcing(ids[500:], 7, 0.3))
    # Who is fed at a probability is also fed at every higher one.
    assert (draw_teacher_forcing(ids, 7, 0.6) >= fed).all()
    assert (draw_teacher_forcing(ids, 8, 0.3) != fed).any()
    assert draw_teacher_forcing(ids, 7, 0.0).max() == 0
    assert draw_teacher_forcing(ids, 7, 1.0).min() == 1


@pytest.mark.parametrize(
    ("params", "needed"),
    [
        (TrainParams(), False),
        (TrainParams(region_weight=7.0), True),
        (TrainParams(true_keypoints_until=0.1), True),
        (TrainParams(loss_weights=LossWeights(keypoint_supervision=1.0)), True),
        (TrainParams(loss_weights=LossWeights(jacobian_supervision=1.0)), True),
        (TrainParams(loss_weights=LossWeights(jacobian_supervision=None)), False),
        (TrainParams(loss_weights=LossWeights(background_supervision=1.0)), True),
        (TrainParams(loss_weights=LossWeights(transformed_keypoints=1.0)), True),
        (TrainParams(relative_motion=True), True),
    ],
)
def test_what_needs_the_truth(params, needed):
    assert needs_truth(params) == needed


def test_draws_are_those_of_earlier_versions():
    drawn = draw_teacher_forcing(np.arange(12), 3, 0.5).tolist()
    assert drawn == [0, 0, 1, 1, 1, 0, 1, 0, 0, 1, 0, 0]
