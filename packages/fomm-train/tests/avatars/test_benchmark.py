from __future__ import annotations

import numpy as np
import pytest

from fomm_train.avatars.benchmark import BenchmarkCase, cross_identity_benchmark
from fomm_train.avatars.casting import draw_identity
from fomm_train.avatars.draws import Split
from fomm_train.avatars.pose import NEUTRAL
from fomm_train.avatars.renderer import Renderer
from fomm_train.avatars.scores import (
    ExpressionSums,
    copy_driving,
    copy_source,
    expression_response,
    mean_error,
)
from fomm_train.avatars.truth import keypoint_arrays

SIZE, COUNT = 48, 6


@pytest.fixture(scope="module")
def cases() -> list[BenchmarkCase]:
    return list(cross_identity_benchmark(SIZE, COUNT, 0))


def test_cases_have_the_form_promised(cases):
    assert len({case.name for case in cases}) == COUNT
    for case in cases:
        frames = len(case.driving)
        assert case.source.shape == (3, SIZE, SIZE)
        assert case.driving.shape == case.target.shape == (frames, 3, SIZE, SIZE)
        assert len(case.kp_driving) == frames
        for expression in (case.blink, case.mouth):
            count = len(expression.frames)
            assert expression.driving_without.shape == (count, 3, SIZE, SIZE)
            assert expression.target_without.shape == (count, 3, SIZE, SIZE)
            assert expression.regions.shape == (count, 1, SIZE, SIZE)


def test_both_expressions_occur(cases):
    assert sum(len(case.blink.frames) for case in cases) > 5
    assert sum(len(case.mouth.frames) for case in cases) > 5


def test_equal_seeds_give_equal_cases_whatever_their_number(cases):
    again = list(cross_identity_benchmark(SIZE, 2, 0))
    for first, second in zip(cases, again, strict=False):
        np.testing.assert_array_equal(first.target, second.target)
        np.testing.assert_array_equal(first.blink.target_without, second.blink.target_without)
    other = next(cross_identity_benchmark(SIZE, 1, 1))
    assert np.abs(other.source - cases[0].source).mean() > 0.02


def test_the_source_has_the_pose_of_the_first_frame(cases):
    for case in cases:
        np.testing.assert_array_equal(case.source, case.target[0])
        np.testing.assert_array_equal(case.kp_source.value, case.kp_driving[0].value)


def test_the_true_answer_shows_the_source_and_not_the_driving_avatar(cases):
    case = cases[0]
    first = draw_identity(0, Split.BENCHMARK, 0)
    # The background never moves, so that the corners tell who it is.
    corner = Renderer(SIZE).render(first, NEUTRAL)[0, 0] / 255
    np.testing.assert_allclose(case.target[:, :, 0, 0], np.tile(corner, (len(case.target), 1)))
    assert np.abs(case.driving - case.target).mean() > 0.05


def test_exchanged_avatars_exchange_frames(cases):
    swapped = next(cross_identity_benchmark(SIZE, 1, 0, swapped=True))
    np.testing.assert_array_equal(swapped.driving, cases[0].target)
    np.testing.assert_array_equal(swapped.target, cases[0].driving)


def test_taking_the_expression_away_changes_the_eyes_or_the_mouth_and_little_else(cases):
    for case in cases:
        # With the mouth the chin moves too, which is no expression by itself.
        for expression, share in ((case.blink, 0.7), (case.mouth, 0.4)):
            change = np.abs(case.target[expression.frames] - expression.target_without)
            if change.size:
                assert (change * expression.regions).sum() > share * change.sum()


def test_keypoints_of_driving_frames_are_those_of_the_true_answers(cases):
    value, jacobian = keypoint_arrays(NEUTRAL)
    keypoints = cases[0].kp_driving[5]
    assert keypoints.value.shape == value.shape
    assert keypoints.jacobian.shape == jacobian.shape


def test_the_true_answer_responds_fully_and_a_frozen_face_not_at_all(cases):
    case = next(case for case in cases if len(case.blink.frames))
    blink = case.blink
    true_with = case.target[blink.frames]
    true = (true_with, blink.target_without, blink.regions)
    assert expression_response(*true[:2], *true) == pytest.approx(1.0)
    frozen = copy_source(case)[blink.frames]
    assert expression_response(frozen, frozen, *true) == 0.0
    half = 0.5 * (true_with + blink.target_without)
    assert expression_response(half, blink.target_without, *true) == pytest.approx(0.5, rel=1e-4)


def test_a_difference_of_pose_does_not_count_as_expression(cases):
    """An answer that is off, but alike with and without, has transferred nothing."""
    case = next(case for case in cases if len(case.mouth.frames))
    mouth = case.mouth
    moved = np.roll(mouth.target_without, 3, axis=-1)
    response = expression_response(
        moved, moved, case.target[mouth.frames], mouth.target_without, mouth.regions
    )
    assert response == 0.0


def test_nothing_to_respond_to_is_an_error():
    nothing = np.zeros((0, 3, 8, 8), np.float32)
    with pytest.raises(ValueError, match="found none in 0 frames"):
        expression_response(nothing, nothing, nothing, nothing, nothing[:, :1])


def test_sums_add_up(cases):
    parts = [
        ExpressionSums.of(
            0.5 * case.target[e.frames],
            0.5 * e.target_without,
            case.target[e.frames],
            e.target_without,
            e.regions,
        )
        for case in cases
        for e in (case.blink,)
    ]
    total = sum(parts, ExpressionSums())
    assert total.frames == sum(len(case.blink.frames) for case in cases)
    assert total.response == pytest.approx(0.5, rel=1e-4)


def test_trivial_answers_are_worse_than_the_truth(cases):
    case = cases[0]
    assert mean_error(case.target, case.target) == 0.0
    copied = mean_error(copy_source(case), case.target)
    assert 0.005 < copied < mean_error(copy_driving(case), case.target)
    with pytest.raises(ValueError, match="at least one frame"):
        mean_error(case.target[:0], case.target[:0])
