from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fomm_train.synthetic.heads.ground_truth import KEYPOINT_NAMES, MIRRORED, GroundTruth
from fomm_train.synthetic.heads.identity import Camera
from fomm_train.synthetic.heads.pose import NEUTRAL, Pose
from fomm_train.synthetic.heads.posing import neutral_head, pose_head
from fomm_train.synthetic.heads.rigid import place
from fomm_train.synthetic.world import mirror_keypoints

FAR = Camera(distance=5000.0, zoom=1.0, height=1.0)
TEMPLATE = (0.0, 0.0)
SIZE = 256


@pytest.fixture(scope="module")
def truth(model) -> GroundTruth:
    return GroundTruth(model)


def keypoints(truth, model, pose: Pose, camera: Camera = FAR, shape=TEMPLATE):
    head = pose_head(model, neutral_head(model, shape), pose)
    return truth.keypoints(head, place(camera, pose), SIZE)


def test_a_neutral_head_from_afar_is_the_reference_frame(truth, model):
    found = keypoints(truth, model, NEUTRAL)
    identity = np.tile(np.eye(2), (20, 1, 1)) * SIZE / (SIZE - 1)
    # Lids lie on the eyeball, where the template's skin does not.
    np.testing.assert_allclose(found.jacobian[4:], identity[4:], atol=0.03)
    np.testing.assert_allclose(found.jacobian[:4], identity[:4], atol=0.1)


def test_zoom_and_tilt_are_seen_in_the_jacobians(truth, model):
    tilt = 0.3
    found = keypoints(truth, model, replace(NEUTRAL, roll=tilt, zoom=1.1))
    cos, sin = np.cos(tilt), np.sin(tilt)
    # Clockwise, with y down.
    turned = 1.1 * np.array([[cos, -sin], [sin, cos]])
    for place_ in (4, 5, 8, 16):
        np.testing.assert_allclose(found.jacobian[place_], turned, atol=0.06)


def test_a_shift_moves_all_keypoints_alike(truth, model):
    still = keypoints(truth, model, NEUTRAL).value
    moved = keypoints(truth, model, replace(NEUTRAL, x=0.1, y=-0.05)).value
    np.testing.assert_allclose(moved - still, np.tile([0.1, -0.05], (20, 1)), atol=2e-3)


def test_jacobians_predict_where_skin_goes(truth, model):
    """Small steps on the template lead where the affine map says, up to perspective."""
    pose = replace(NEUTRAL, yaw=0.4, pitch=-0.2)
    found = keypoints(truth, model, pose)
    head = pose_head(model, neutral_head(model, TEMPLATE), pose)
    placement = place(FAR, pose)
    neutral = keypoints(truth, model, NEUTRAL)
    for place_ in (6, 7, 14, 15):
        vertex = model.assets.keypoints[place_]
        near = np.argsort(
            ((model.assets.vertices - model.assets.vertices[vertex]) ** 2).sum(axis=1)
        )[1:7]
        places = placement.project(
            placement.world(head.vertices[near], model.assets.neck[near]), SIZE
        )
        step = place_of(model, near) - neutral.value[place_]
        predicted = found.value[place_] + step @ found.jacobian[place_].T
        assert np.abs(predicted - places).max() < 0.03


def place_of(model, vertices):
    """Places of vertices of the template in the reference frame."""
    placement, points = place(FAR, NEUTRAL), model.assets.vertices[vertices].astype(float)
    return placement.project(placement.world(points, model.assets.neck[vertices]), SIZE)


def test_every_jacobian_can_be_inverted(truth, model):
    rng = np.random.default_rng(0)
    for _ in range(20):
        yaw, pitch, roll = rng.uniform(-1, 1, 3) * (0.87, 0.5, 0.4)
        weights = dict.fromkeys(("eyeBlink_L", "eyeBlink_R", "jawOpen"), 1.0)
        pose = Pose(yaw, pitch, roll).with_weights(**weights)
        found = keypoints(truth, model, pose, Camera(60.0, 1.2, 1.0), (1.5, -1.0))
        values = np.linalg.svd(found.jacobian, compute_uv=False)
        assert np.isfinite(found.value).all()
        assert (values[:, 1] >= 0.199 * values[:, 0]).all()


def test_a_mirrored_pose_has_mirrored_keypoints(truth, model):
    pose = Pose(0.3, 0.1, 0.2, x=0.05, torso_yaw=0.1, torso_roll=-0.05, gaze_x=0.2)
    turned = Pose(-0.3, 0.1, -0.2, x=-0.05, torso_yaw=-0.1, torso_roll=0.05, gaze_x=-0.2)
    direct = mirror_keypoints(keypoints(truth, model, pose), MIRRORED)
    found = keypoints(truth, model, turned)
    np.testing.assert_allclose(direct.value, found.value, atol=0.02)
    np.testing.assert_allclose(direct.jacobian[[4, 5]], found.jacobian[[4, 5]], atol=0.02)


def test_left_is_the_persons_own(truth, model):
    value = keypoints(truth, model, NEUTRAL).value
    for number, name in enumerate(KEYPOINT_NAMES):
        if name.endswith("_left"):
            assert value[number, 0] > 0
        if name.endswith("_right"):
            assert value[number, 0] < 0


def test_blinks_lower_the_lids(model):
    shut = NEUTRAL.with_weights(eyeBlink_L=1.0, eyeBlink_R=1.0)
    head = neutral_head(model, TEMPLATE)
    marks = model.assets.landmarks
    # The small head has no landmarks on its lids, and blinks as its modes say.
    assert (marks[[43, 46]] == marks[30]).all()
    assert head.blink_gains == (1.0, 1.0)
    upper = model.assets.keypoints[0]
    open_, closed = (pose_head(model, head, pose).vertices for pose in (NEUTRAL, shut))
    assert closed[upper, 1] < open_[upper, 1] - 0.3
