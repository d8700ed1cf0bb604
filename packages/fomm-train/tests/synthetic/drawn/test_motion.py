from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fomm_train.synthetic.drawn.motion import draw_motion
from fomm_train.synthetic.drawn.pose import (
    CHANNELS,
    MAX_PITCH,
    MAX_ROLL,
    MAX_SHIFT,
    MAX_YAW,
    MAX_ZOOM,
    NEUTRAL,
    Pose,
)
from fomm_train.synthetic.draws import Split

LIMITS = {
    "yaw": MAX_YAW,
    "pitch": MAX_PITCH,
    "roll": MAX_ROLL,
    "x": MAX_SHIFT,
    "y": MAX_SHIFT,
    "smile": 1.0,
    "mouth_width": 1.0,
    "brow": 1.0,
}


@settings(max_examples=40)
@given(number=st.integers(0, 10**6), frames=st.integers(1, 90))
def test_poses_stay_in_their_ranges(number, frames):
    motion = draw_motion(0, Split.TRAIN, number, frames)
    assert motion.track.shape == (frames, len(CHANNELS))
    column = dict(zip(CHANNELS, motion.track.T, strict=True))
    for name, limit in LIMITS.items():
        assert np.abs(column[name]).max() <= limit
    assert np.abs(column["scale"] - 1.0).max() <= MAX_ZOOM + 1e-12
    for name in ("blink_left", "blink_right", "mouth_open"):
        assert 0.0 <= column[name].min() <= column[name].max() <= 1.0


def test_the_ranges_are_used():
    tracks = np.concatenate([draw_motion(0, Split.TRAIN, n, 64).track for n in range(120)])
    column = dict(zip(CHANNELS, tracks.T, strict=True))
    for name in ("yaw", "pitch", "roll"):
        assert column[name].min() < -0.9 * LIMITS[name]
        assert column[name].max() > 0.9 * LIMITS[name]
    for name in ("blink_left", "blink_right", "mouth_open"):
        assert 0.05 < (column[name] > 0.5).mean() < 0.35


def test_heads_move_smoothly():
    for number in range(60):
        track = draw_motion(1, Split.TRAIN, number, 64).track
        turn = track[:, [CHANNELS.index(name) for name in ("yaw", "pitch", "roll")]]
        # No frame turns by more than 18 degrees, nor changes that speed by more than 7.
        assert np.abs(np.diff(turn, axis=0)).max() < np.radians(18)
        assert np.abs(np.diff(turn, 2, axis=0)).max() < np.radians(7)


def test_blinks_last_at_least_three_frames():
    lengths = []
    for number in range(60):
        motion = draw_motion(2, Split.TRAIN, number, 64)
        closed = motion.track[:, CHANNELS.index("blink_left")] > 0.0
        runs = [(key, len(list(run))) for key, run in groupby(closed)]
        lengths += [length for key, length in runs[1:-1] if key]
    assert len(lengths) > 40
    assert min(lengths) >= 3
    assert np.median(lengths) <= 6


def test_equal_arguments_give_equal_motions():
    first, second = (draw_motion(9, Split.TEST, 4, 30) for _ in range(2))
    np.testing.assert_array_equal(first.track, second.track)
    assert len(first) == 30


@pytest.mark.parametrize("other", [(8, Split.TEST, 4), (9, Split.TRAIN, 4), (9, Split.TEST, 5)])
def test_each_argument_matters(other):
    first, second = draw_motion(9, Split.TEST, 4, 30), draw_motion(*other, 30)
    assert np.abs(first.track - second.track).max() > 0.01


def test_a_frame_of_a_motion_is_its_pose():
    motion = draw_motion(0, Split.TRAIN, 0, 5)
    assert motion[3] == Pose(**dict(zip(CHANNELS, motion.track[3].tolist(), strict=True)))
    with pytest.raises(IndexError):
        motion[5]


def test_expressions_can_be_taken_away():
    pose = Pose(yaw=0.3, blink_left=1.0, blink_right=0.4, mouth_open=0.7, smile=0.2)
    assert pose.blink == 1.0
    assert pose.with_open_eyes().with_closed_mouth() == Pose(yaw=0.3, smile=0.2)
    assert NEUTRAL.with_open_eyes() == NEUTRAL


def test_motions_are_those_of_earlier_versions():
    track = draw_motion(5, Split.TEST, 2, 6).track
    expected = [-0.2347365856004247, -0.2958311306785007, -0.016383043095454936]
    np.testing.assert_allclose(track[4, :3], expected, rtol=1e-12)
