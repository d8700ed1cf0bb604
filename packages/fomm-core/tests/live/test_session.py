from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import FommError, MotionError
from fomm_core.live.options import LiveOptions
from fomm_core.live.session import LiveSession
from fomm_core.live.source import prepare_live_source
from fomm_core.pipeline.options import AnimationOptions
from white_spots import spots_at

pytestmark = pytest.mark.once

QUICK = LiveOptions(search_seconds=0.4, smooth=False)
STEP = 0.04


def run(session, lefts, start=0.0):
    """Show a face at each of these places, or nobody for ``None``, 25 times a second."""
    return [
        session.follow(spots_at(*([] if left is None else [left])), start + i * STEP)
        for i, left in enumerate(lefts)
    ]


@pytest.fixture
def session(source_of):
    return LiveSession(source_of(), QUICK)


@pytest.fixture
def started(session):
    """A session that found its reference while the face stood at 140."""
    frames = run(session, [140] * 12)
    assert frames[-1].phase == "live"
    return session


def brightest(picture):
    """(x, y) of the centre of what is white."""
    rows, columns = np.nonzero(picture.min(axis=2) > 200)
    return columns.mean(), rows.mean()


def test_it_counts_down_and_then_the_source_follows(session):
    frames = run(session, [140] * 12 + [144])

    assert [frame.phase for frame in frames[:10]] == ["searching"] * 10
    countdown = [frame.countdown_s for frame in frames[:10]]
    assert countdown == sorted(countdown, reverse=True)
    assert all("look straight ahead" in frame.hints for frame in frames[:10])
    assert frames[-1].phase == "live"
    assert frames[-1].countdown_s is None
    moved = brightest(frames[-1].picture)[0] - brightest(frames[0].picture)[0]
    assert moved == pytest.approx(4 * 64 / 80, abs=1)  # pixels of squares of 80, at 64


def test_the_source_stands_still_before(session):
    frames = run(session, [140, 145, 150])
    assert all(np.array_equal(frame.picture, frames[0].picture) for frame in frames)
    assert all(frame.keypoints is None for frame in frames)


def test_nobody_is_waited_for_and_then_found(session):
    frames = run(session, [None] * 30 + [140] * 30)

    assert [frame.phase for frame in frames[:30]] == ["waiting"] * 30
    assert frames[0].hints == ("show your face",)
    assert frames[-1].phase == "live"


def test_a_lost_face_holds_the_picture_and_comes_back(started):
    before = run(started, [146], start=1.0)[0]
    gone = run(started, [None] * 25, start=1.04)
    assert gone[-1].phase == "lost"
    assert gone[-1].hints == ("show your face",)
    held = next(frame for frame in gone if frame.phase == "lost")
    assert np.array_equal(gone[-1].picture, held.picture)

    back = run(started, [146] * 20, start=2.04)
    assert back[-1].phase == "live"
    assert np.abs(back[-1].keypoints.value - before.keypoints.value).max() < 0.3


def test_frames_that_come_late_are_passed_over(started):
    newest = run(started, [146], start=2.0)[0]

    assert started.follow(spots_at(120), 1.5) is newest
    assert started.follow(spots_at(120), 2.0) is newest
    assert started.follow(spots_at(120), 2.04) is not newest


def test_a_second_person_who_comes_in_changes_nothing(source_of):
    alone, beside = (LiveSession(source_of(), QUICK) for _ in range(2))
    ways = [140] * 12 + list(range(140, 160, 2)) * 3
    run(alone, ways)
    # The other one is larger, and far enough for the square to show the first person alone.
    for i, left in enumerate(ways):
        frame = spots_at(left)
        if i > 6:
            frame[20:80, 250:310] = 255
        shown = beside.follow(frame, i * STEP)
    np.testing.assert_allclose(shown.keypoints.value, alone._last.keypoints.value, atol=0.02)


def test_jitter_is_smoothed(source_of):
    noise = np.random.default_rng(0).integers(-1, 2, 80)
    spread = []
    for smooth in (False, True):
        session = LiveSession(source_of(), LiveOptions(search_seconds=0.4, smooth=smooth))
        run(session, [140] * 12)
        frames = run(session, 140 + noise, start=1.0)
        spread.append(np.std([frame.keypoints.value[0, 0] for frame in frames[20:]]))
    assert spread[1] < 0.6 * spread[0]


def test_the_reference_is_taken_on_request(started):
    at_rest = run(started, [140], start=1.0)[0].picture
    assert not np.array_equal(run(started, [148], start=1.04)[0].picture, at_rest)

    started.take_reference()
    assert np.array_equal(run(started, [148], start=1.08)[0].picture, at_rest)


def test_while_a_better_reference_is_looked_for_the_old_one_stays(started):
    moved = run(started, [148], start=1.0)[0]
    started.find_reference()
    looking = run(started, [148] * 12, start=1.04)

    assert looking[0].phase == "live"
    assert looking[0].countdown_s == pytest.approx(0.4)
    assert np.array_equal(looking[0].picture, moved.picture)
    assert looking[-1].countdown_s is None
    assert brightest(looking[-1].picture)[0] < brightest(moved.picture)[0]


def test_gain_scales_the_movement(started):
    at_rest = run(started, [140], start=1.0)[0].keypoints.value
    single = run(started, [144], start=1.04)[0].keypoints.value - at_rest
    started.change(LiveOptions(gain=2.0, search_seconds=0.4, smooth=False))
    double = run(started, [144], start=1.08)[0].keypoints.value - at_rest

    np.testing.assert_allclose(double, 2 * single, atol=1e-5)


def test_a_mirror_turns_the_movement_round(source_of):
    ways = []
    for mirror in (False, True):
        options = LiveOptions(mirror=mirror, search_seconds=0.4, smooth=False)
        session = LiveSession(source_of(), options)
        run(session, [140] * 12)
        ways.append(run(session, [145], start=1.0)[0].keypoints.value)
    rest = session.source.animator.kp_source.value
    np.testing.assert_allclose(ways[1][:, 0] - rest[:, 0], rest[:, 0] - ways[0][:, 0], atol=0.01)


def test_another_side_of_the_mirror_looks_for_a_new_reference(started):
    started.change(LiveOptions(mirror=True, search_seconds=0.4))
    frames = run(started, [140] * 12, start=1.0)
    assert frames[0].phase == "searching"
    assert frames[-1].phase == "live"


def test_sources_are_switched_in_the_middle_of_a_movement(started, source_of):
    other = source_of(100)
    moved = run(started, [146], start=1.0)[0].keypoints.value
    started.switch(other)
    shown = run(started, [146], start=1.04)[0]

    assert shown.phase == "live"
    difference = other.animator.kp_source.value - source_of().animator.kp_source.value
    np.testing.assert_allclose(shown.keypoints.value - moved, difference, atol=1e-5)


def test_another_source_is_shown_also_while_the_face_is_lost(started, plain_model):
    run(started, [None] * 25, start=1.0)
    grey = np.full((64, 64, 3), 90, np.uint8)
    started.switch(prepare_live_source(plain_model, grey, AnimationOptions()))
    started._follower._next_look = 9.0  # still nobody
    assert np.array_equal(started.follow(spots_at(), 2.5).picture, grey)


def test_the_whole_picture_moves_where_it_is_pasted_back(source_of):
    session = LiveSession(source_of(paste_back=True), QUICK)
    frames = run(session, [140] * 12 + [150])

    assert frames[-1].picture.shape == (240, 320, 3)
    assert frames[-1].picture[0, 0].tolist() == [8, 8, 8]
    assert brightest(frames[-1].picture)[0] > brightest(frames[0].picture)[0] + 2


def test_an_error_in_one_frame_leaves_the_session_as_it_was(started, monkeypatch):
    before = run(started, [144], start=1.0)[0].picture
    with monkeypatch.context() as patched:
        patched.setattr(type(started.source.animator), "detect", failing)
        with pytest.raises(MotionError):
            started.follow(spots_at(144), 1.04)
    assert np.array_equal(run(started, [144], start=1.08)[0].picture, before)


def test_a_model_that_crops_nothing_takes_the_frames_as_they_are(plain_model):
    source = prepare_live_source(plain_model, spots_at(140), AnimationOptions())
    session = LiveSession(source, QUICK)
    frames = run(session, [140] * 12 + [160])
    assert source.framer is None
    assert frames[-1].phase == "live"
    assert brightest(frames[-1].picture)[0] > brightest(frames[0].picture)[0]


def test_keypoints_that_are_not_finite_hold_the_picture(started, monkeypatch):
    before = run(started, [144], start=1.0)[0]
    nan = before.keypoints.value * np.nan
    with monkeypatch.context() as patched:
        broken = type(before.keypoints)(nan, None)
        patched.setattr(type(started.source.animator), "detect", lambda self, driving: broken)
        held = started.follow(spots_at(150), 1.04)
    assert held.phase == "lost"
    assert np.array_equal(held.picture, before.picture)


@pytest.mark.parametrize("options", [{"gain": 0}, {"gain": float("nan")}, {"search_seconds": 99}])
def test_options_out_of_their_range_are_refused(options):
    with pytest.raises(FommError, match="expected a number from"):
        LiveOptions(**options)


def failing(self, driving):
    raise MotionError("a defect")
