from __future__ import annotations

import numpy as np

from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.heads.motion import Motion, draw_motion
from fomm_train.synthetic.heads.pose import (
    EXPRESSIONS,
    MAX_PITCH,
    MAX_ROLL,
    MAX_YAW,
    NEUTRAL,
    Pose,
)

MOTIONS = [draw_motion(0, Split.TRAIN, number, 64) for number in range(24)]
POSES = [pose for motion in MOTIONS for pose in motion]


def test_equal_arguments_give_equal_motions_and_others_do_not():
    np.testing.assert_array_equal(MOTIONS[3].track, draw_motion(0, Split.TRAIN, 3, 64).track)
    others = draw_motion(0, Split.TEST, 3, 64), draw_motion(1, Split.TRAIN, 3, 64), MOTIONS[4]
    for other in others:
        assert np.abs(other.track - MOTIONS[3].track).max() > 0.01


def test_poses_stay_within_their_ranges():
    for pose in POSES:
        assert abs(pose.yaw) <= MAX_YAW + 0.03
        assert abs(pose.pitch) <= MAX_PITCH + 0.03
        assert abs(pose.roll) <= MAX_ROLL + 0.03
        assert 0.8 < pose.zoom < 1.25
        assert all(0.0 <= weight <= 1.0 for weight in pose.weights)


def test_eyes_shut_and_mouths_open_often_enough():
    assert 0.08 < np.mean([pose.shuts_eyes() for pose in POSES]) < 0.3
    assert 0.06 < np.mean([pose.opens_mouth() for pose in POSES]) < 0.3


def test_heads_move_smoothly():
    for motion in MOTIONS:
        steps = np.abs(np.diff(motion.track[:, :3], axis=0))
        assert steps.max() < np.radians(12)


def test_expressions_are_the_frames_that_show_them():
    for motion in MOTIONS[:6]:
        for frames in motion.expressions:
            for frame in frames:
                assert motion[frame].shuts_eyes() or motion[frame].opens_mouth()


def test_poses_survive_as_arrays():
    arrays = MOTIONS[0].arrays()
    assert list(arrays["pose_names"][-len(EXPRESSIONS) :]) == list(EXPRESSIONS)
    assert Motion(arrays["poses"])[7] == MOTIONS[0][7]


def test_expressions_can_be_taken_away():
    pose = Pose(yaw=0.3, gaze_x=0.1).with_weights(
        eyeBlink_L=1.0, eyeBlink_R=0.9, jawOpen=0.8, mouthSmile_L=0.5, eyeLookOut_L=0.2
    )
    assert pose.shuts_eyes()
    assert pose.opens_mouth()
    assert not pose.with_open_eyes().shuts_eyes()
    assert pose.with_open_eyes().opens_mouth()
    assert not pose.with_closed_mouth().opens_mouth()
    rest = pose.at_rest()
    assert rest.yaw == 0.3
    assert rest.weight("eyeLookOut_L") == 0.2
    assert rest.weight("mouthSmile_L") == 0.0
    assert NEUTRAL.at_rest() == NEUTRAL
