from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fomm_train.synthetic.drawn.anatomy import EYE_X, EYE_Y, lift
from fomm_train.synthetic.drawn.ground_truth import (
    KEYPOINT_NAMES,
    MIRRORED,
    keypoint_arrays,
    true_keypoints,
)
from fomm_train.synthetic.drawn.motion import draw_motion
from fomm_train.synthetic.drawn.pose import NEUTRAL, Pose
from fomm_train.synthetic.drawn.projection import place_head
from fomm_train.synthetic.drawn.regions import eye_mask, mouth_mask, region_mask
from fomm_train.synthetic.drawn.renderer import Renderer
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.world import mirror_keypoints

SIZE = 256
HEAD = slice(0, 9)
NAMED = {name: number for number, name in enumerate(KEYPOINT_NAMES)}

POSES = (
    NEUTRAL,
    Pose(yaw=0.5, pitch=-0.2),
    Pose(yaw=-0.6, roll=0.3, x=0.1, y=-0.1, scale=0.9),
    Pose(pitch=0.4, scale=1.1, smile=0.8, mouth_width=0.5),
)


def to_pixel(value):
    return (np.asarray(value, float) + 1) / 2 * (SIZE - 1)


def centroid(mask):
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean(), rows.mean()])


def is_green(image):
    r, g, b = (image[..., channel].astype(int) for channel in range(3))
    return (g > r + 60) & (g > b + 60)


def is_magenta(image):
    r, g, b = (image[..., channel].astype(int) for channel in range(3))
    return (r > g + 60) & (b > g + 60)


def test_the_reference_frame_has_identities_for_jacobians():
    _, jacobian = keypoint_arrays(NEUTRAL)
    np.testing.assert_allclose(jacobian, np.tile(np.eye(2), (10, 1, 1)), atol=1e-6)


@settings(max_examples=40)
@given(
    roll=st.floats(-0.4, 0.4),
    scale=st.floats(0.84, 1.16),
    x=st.floats(-0.2, 0.2),
    y=st.floats(-0.2, 0.2),
)
def test_jacobians_agree_with_the_keypoints_under_affine_motion(roll, scale, x, y):
    pose = Pose(roll=roll, scale=scale, x=x, y=y)
    value, jacobian = keypoint_arrays(pose)
    turn = scale * np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    np.testing.assert_allclose(jacobian[HEAD], np.tile(turn, (9, 1, 1)), atol=1e-5)
    rest, _ = keypoint_arrays(NEUTRAL)
    moved = (rest[HEAD] - rest[0]) @ turn.T
    np.testing.assert_allclose(value[HEAD] - value[0], moved, atol=1e-5)


@pytest.mark.parametrize("pose", POSES[1:3])
@pytest.mark.parametrize("name", ["eye_left", "eye_right"])
def test_jacobians_are_the_derivative_of_the_drawn_surface(pose, name):
    """Finite differences of where the points around an eye are drawn, rest against pose."""
    side = -1.0 if name == "eye_left" else 1.0
    step = 1e-5
    around = np.array([side * EYE_X, EYE_Y]) + step * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    rest, moved = (place_head(p).project(lift(around)) for p in (NEUTRAL, pose))
    by_plane = [np.stack([p[0] - p[1], p[2] - p[3]], axis=1) / (2 * step) for p in (rest, moved)]
    expected = by_plane[1] @ np.linalg.inv(by_plane[0])
    np.testing.assert_allclose(keypoint_arrays(pose)[1][NAMED[name]], expected, atol=1e-4)


@pytest.mark.parametrize("pose", POSES)
def test_eye_keypoints_are_where_the_irises_are_painted(plain, pose):
    green = is_green(Renderer(SIZE).render(plain, pose))
    value, _ = keypoint_arrays(pose)
    left, right = (to_pixel(value[NAMED[name]]) for name in ("eye_left", "eye_right"))
    columns = np.arange(SIZE)[None, :]
    rows = np.arange(SIZE)[:, None]
    nearer_left = (columns - left[0]) ** 2 + (rows - left[1]) ** 2 < (columns - right[0]) ** 2 + (
        rows - right[1]
    ) ** 2
    for expected, half in ((left, nearer_left), (right, ~nearer_left)):
        assert (green & half).sum() > 40
        assert np.linalg.norm(centroid(green & half) - expected) < 4.0


@pytest.mark.parametrize("pose", POSES)
def test_mouth_keypoints_are_around_the_painted_lips(plain, pose):
    magenta = is_magenta(Renderer(SIZE).render(plain, pose))
    value, _ = keypoint_arrays(pose)
    middle = to_pixel(value[[NAMED["mouth_left"], NAMED["mouth_right"]]].mean(axis=0))
    assert magenta.sum() > 100
    assert np.linalg.norm(centroid(magenta) - middle) < 5.0


def test_lips_spread_as_the_jacobians_say(plain):
    """The painted mouth, lips included, grows by the factor in its keypoints' jacobians."""
    renderer = Renderer(SIZE)
    column = round(to_pixel(keypoint_arrays(NEUTRAL)[0][NAMED["mouth_left"], 0]).item())
    heights = []
    for opening in (0.0, 1.0):
        lips = is_magenta(renderer.render(plain, Pose(mouth_open=opening)))
        rows = np.nonzero(lips[:, column])[0]
        heights.append(rows[-1] - rows[0] + 1)
    _, jacobian = keypoint_arrays(Pose(mouth_open=1.0))
    assert heights[1] / heights[0] == pytest.approx(jacobian[NAMED["mouth_left"], 1, 1], rel=0.25)


def test_eyes_close_as_the_jacobians_say(plain):
    green = [
        is_green(Renderer(SIZE).render(plain, Pose(blink_left=b, blink_right=b))).sum()
        for b in (0.0, 0.5, 1.0)
    ]
    assert green[0] > green[1] > 4 * green[2]
    squeezed = [keypoint_arrays(Pose(blink_left=b))[1][0, 1, 1] for b in (0.0, 0.5, 1.0)]
    assert squeezed[0] == pytest.approx(1.0)
    assert squeezed[0] > squeezed[1] > squeezed[2] > 0.1
    # A wink leaves the other eye alone.
    assert keypoint_arrays(Pose(blink_left=1.0))[1][1, 1, 1] == pytest.approx(1.0)


@settings(max_examples=60)
@given(number=st.integers(0, 10**6), frame=st.integers(0, 19))
def test_every_pose_has_keypoints_in_the_frame_and_jacobians_to_invert(number, frame):
    keypoints = true_keypoints(draw_motion(0, Split.TEST, number, 20)[frame])
    assert len(keypoints) == len(KEYPOINT_NAMES)
    assert keypoints.is_finite
    assert np.abs(keypoints.value).max() < 1.1
    assert np.linalg.det(keypoints.jacobian).min() > 0.03


def mirrored(pose):
    """The pose that a mirror shows."""
    return replace(
        pose,
        yaw=-pose.yaw,
        roll=-pose.roll,
        x=-pose.x,
        blink_left=pose.blink_right,
        blink_right=pose.blink_left,
    )


def test_a_mirrored_pose_has_mirrored_keypoints():
    for number in range(10):
        pose = draw_motion(0, Split.TRAIN, number, 20)[13]
        direct = mirror_keypoints(true_keypoints(pose), MIRRORED)
        turned = true_keypoints(mirrored(pose))
        np.testing.assert_allclose(direct.value, turned.value, atol=1e-6)
        np.testing.assert_allclose(direct.jacobian, turned.jacobian, atol=1e-6)


def test_left_is_left():
    value, _ = keypoint_arrays(NEUTRAL)
    for name in ("eye", "mouth", "ear"):
        assert value[NAMED[f"{name}_left"], 0] < 0 < value[NAMED[f"{name}_right"], 0]
    assert value[NAMED["crown"], 1] < value[NAMED["nose"], 1] < value[NAMED["chin"], 1]


@pytest.mark.parametrize("pose", [*POSES, Pose(mouth_open=1.0, x=0.15)])
def test_masks_cover_what_is_painted_and_little_else(plain, pose):
    image = Renderer(SIZE).render(plain, pose)
    eyes, mouth = eye_mask(pose, SIZE), mouth_mask(pose, SIZE)
    assert eyes.shape == mouth.shape == (1, SIZE, SIZE)
    assert eyes.dtype == np.float32
    assert eyes[0][is_green(image)].min() == 1.0
    assert mouth[0][is_magenta(image)].min() == 1.0
    both = region_mask(pose, SIZE)
    np.testing.assert_array_equal(both, np.maximum(eyes, mouth))
    assert 0.03 < both.mean() < 0.2


def test_expressions_change_nothing_outside_of_their_masks(plain):
    """What a benchmark of expressions looks at is nearly all that changes."""
    pose = Pose(yaw=0.3, blink_left=1.0, blink_right=1.0)
    renderer = Renderer(128)
    images = [renderer.render(plain, p).astype(float) for p in (pose, pose.with_open_eyes())]
    change = np.abs(images[0] - images[1]).sum(axis=2)
    inside = eye_mask(replace(pose), 128)[0]
    assert (change * inside).sum() > 0.9 * change.sum()
