"""A small head made by code: a skin of revolution, two eyeballs, teeth and a few modes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fomm_core.errors import EngineError
from fomm_train.synthetic.heads.assets import HeadAssets, Part, save_assets
from fomm_train.synthetic.heads.model import HeadModel
from fomm_train.synthetic.heads.rigid import neck_weight

ROWS, COLUMNS = 56, 64
EYES = np.array([[3.1, 3.3, 7.0], [-3.1, 3.3, 7.0]])
_PROFILE_Y = (-20, -14, -10, -6, -2, 3, 8, 12, 14.4)
_PROFILE_R = (14, 9, 5.5, 7.0, 8.2, 8.6, 8.0, 5.5, 0.4)
_EXPRESSIONS = ("eyeBlink_L", "eyeBlink_R", "jawOpen", "mouthSmile_L")


def small_head() -> HeadAssets:
    """Make it; a few thousand vertices, so that everything is quick."""
    skin, skin_uv = _skin()
    balls = [_ball(centre) for centre in EYES]
    teeth = np.array([[-1, -3, 8.3], [1, -3, 8.3], [1, -3.6, 8.3], [-1, -3.6, 8.3]])
    vertices = np.concatenate([skin, *balls, teeth])
    sizes = [len(skin), len(balls[0]), len(balls[1]), len(teeth)]
    parts = [Part.FACE, Part.LEFT_EYE, Part.RIGHT_EYE, Part.TEETH]
    part = np.repeat(parts, sizes).astype(np.int32)
    starts = np.cumsum([0, *sizes])
    triangles = [
        _grid(ROWS, COLUMNS) + starts[0],
        _grid(9, 13) + starts[1],
        _grid(9, 13) + starts[2],
        np.array([[0, 2, 1], [0, 3, 2]]) + starts[3],
    ]
    uv = np.concatenate([skin_uv, np.full((len(vertices) - len(skin), 2), 3.5)])
    neck = np.where(part < 2, neck_weight(vertices), 1.0)
    both = np.concatenate(triangles).astype(np.int32)
    return HeadAssets(
        vertices=vertices.astype(np.float32),
        identity_modes=_identity_modes(vertices),
        expression_modes=_expression_modes(vertices, part),
        expression_names=_EXPRESSIONS,
        part=part,
        triangles=both,
        split=np.arange(len(vertices), dtype=np.int32),
        split_part=part,
        split_triangles=both,
        uv=uv.astype(np.float32),
        occlusion=np.ones(len(vertices), np.float32),
        neck=neck.astype(np.float32),
        rim=np.arange(COLUMNS, dtype=np.int32),
        landmarks=_landmarks(skin),
        keypoints=_keypoints(skin),
        eye_centres=EYES.astype(np.float32),
        masks=_masks(),
        hair_meshes={},
    )


def _skin() -> tuple[np.ndarray, np.ndarray]:
    y = np.linspace(-20, 14.4, ROWS)
    radius = np.interp(y, _PROFILE_Y, _PROFILE_R)
    angle = np.linspace(-np.pi, np.pi, COLUMNS, endpoint=False)
    x = radius[:, None] * np.sin(angle) * 0.9
    z = radius[:, None] * np.cos(angle)
    nose = 3.0 * np.exp(-((x / 1.2) ** 2) - ((y[:, None] - 0.5) / 2) ** 2) * (z > 0)
    points = np.stack([x, np.broadcast_to(y[:, None], x.shape), z + nose], axis=-1)
    u = np.broadcast_to((np.arange(COLUMNS) + 0.5) / COLUMNS, x.shape)
    v = np.broadcast_to(((y + 20) / 35)[:, None], x.shape)
    return points.reshape(-1, 3), np.stack([u, v], axis=-1).reshape(-1, 2)


def _ball(centre: np.ndarray) -> np.ndarray:
    down, around = np.meshgrid(
        np.linspace(0, np.pi, 9), np.linspace(0, 2 * np.pi, 13), indexing="ij"
    )
    ball = np.stack(
        [np.sin(down) * np.cos(around), np.cos(down), np.sin(down) * np.sin(around)], -1
    )
    return 1.5 * ball.reshape(-1, 3) + centre


def _grid(rows: int, columns: int) -> np.ndarray:
    index = np.arange(rows * columns).reshape(rows, columns)
    right = np.roll(index, -1, axis=1)
    first = np.stack([index[:-1], right[:-1], index[1:]], -1).reshape(-1, 3)
    second = np.stack([right[:-1], right[1:], index[1:]], -1).reshape(-1, 3)
    return np.concatenate([first, second])


def _near(skin: np.ndarray, *points: tuple[float, float, float]) -> np.ndarray:
    return np.array([np.argmin(((skin - p) ** 2).sum(axis=1)) for p in points], np.int32)


def _identity_modes(vertices: np.ndarray) -> np.ndarray:
    wide, tall = np.zeros((2, *vertices.shape), np.float32)
    wide[:, 0] = 0.04 * vertices[:, 0]
    tall[:, 1] = 0.03 * vertices[:, 1] * (vertices[:, 1] > 0)
    return np.stack([wide, tall])


def _expression_modes(vertices: np.ndarray, part: np.ndarray) -> np.ndarray:
    modes = np.zeros((len(_EXPRESSIONS), *vertices.shape), np.float32)
    x, y, z = vertices.T
    for number, (eye_x, eye_y, _) in enumerate(EYES):
        near = np.exp(-((x - eye_x) ** 2) - (y - eye_y - 1) ** 2) * (z > 5) * (part < 2)
        modes[number, :, 1] = -1.2 * near
    modes[2, :, 1] = -2.0 * np.exp(-(((y + 6) / 2) ** 2)) * (z > 3) * (part < 2)
    modes[3, :, 0] = 0.8 * np.exp(-((x - 2.5) ** 2) - (y + 3) ** 2) * (z > 3)
    return modes


def _landmarks(skin: np.ndarray) -> np.ndarray:
    landmarks = np.full(68, _near(skin, (0, 0.5, 11))[0], np.int32)
    landmarks[[0, 16]] = _near(skin, (-7.7, 1, 1), (7.7, 1, 1))
    corners = (-4.6, 3.3, 7.3), (-1.6, 3.3, 8.3), (1.6, 3.3, 8.3), (4.6, 3.3, 7.3)
    landmarks[[36, 39, 42, 45]] = _near(skin, *corners)
    return landmarks


def _keypoints(skin: np.ndarray) -> np.ndarray:
    places = (
        (3.1, 4.4, 7.9), (3.1, 2.2, 7.9), (-3.1, 4.4, 7.9), (-3.1, 2.2, 7.9), (0, 0, 0), (0, 0, 0),
        (3.1, 6, 7.8), (-3.1, 6, 7.8), (0, 0.5, 11.4), (2.5, -3, 7.8), (-2.5, -3, 7.8),
        (0, -2.3, 8.2), (0, -4, 7.8), (0, -6.5, 7), (5, 0, 6.5), (-5, 0, 6.5), (0, 9.8, 7.2),
        (5.5, -4, 4.5), (-5.5, -4, 4.5), (0, -16, 10),
    )  # fmt: skip
    keypoints = _near(skin, *places)
    keypoints[4:6] = -6, -7
    return keypoints


def _masks() -> np.ndarray:
    """Lips in the middle of the face, and discs around both eyes."""
    v, u = np.mgrid[0:128, 0:128] / 128
    height = (-3 + 20) / 35, (3.3 + 20) / 35
    lips = np.hypot((u - 0.5) / 0.07, (v - height[0]) / 0.03) < 1
    left, right = (
        np.hypot((u - side) / 0.04, (v - height[1]) / 0.045) < 1 for side in (0.56, 0.44)
    )
    eyes = left | right
    return (np.stack([lips, eyes, eyes], axis=-1) * 255).astype(np.uint8)


@pytest.fixture(scope="session")
def assets() -> HeadAssets:
    return small_head()


@pytest.fixture(scope="session")
def model(assets) -> HeadModel:
    return HeadModel(assets)


@pytest.fixture(scope="session")
def assets_file(assets, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("heads") / "small.npz"
    save_assets(path, assets)
    return path


@pytest.fixture(scope="session")
def egl() -> None:
    """Skip where nothing can render."""
    from fomm_train.synthetic.heads.gl.context import open_graphics

    try:
        open_graphics().context.release()
    except EngineError as error:
        pytest.skip(str(error))
