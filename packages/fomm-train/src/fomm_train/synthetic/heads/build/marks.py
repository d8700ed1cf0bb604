"""Marks on the template: keypoints, eyeballs, the bust's rim, and masks of lips and eyes."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, maximum_filter

from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.heads.assets import SKIN_PARTS, IntArray, Part
from fomm_train.synthetic.heads.build.parts import Surface, border_edges, walk_loop
from fomm_train.synthetic.heads.rigid import Array, BoolArray

_LEFT_IRIS, _RIGHT_IRIS = -6, -7
_BUST = -13.0
_MASK_SIDE, _SUPERSAMPLING = 1024, 4
_EYE_OUTLINES = (slice(36, 42), slice(42, 48))
_LIP_OUTLINE = slice(48, 60)


def find_keypoints(surface: Surface, landmarks: IntArray) -> IntArray:
    """Vertices (20,) of the keypoints; -6 and -7 stand for the irises."""
    vertices, face = surface.vertices, surface.part == Part.FACE
    skin = np.isin(surface.part, SKIN_PARTS)

    def near(point: tuple[float, float, float] | Array, among: BoolArray = skin) -> int:
        chosen = np.flatnonzero(among)
        return int(chosen[np.argmin(((vertices[chosen] - point) ** 2).sum(axis=1))])

    def lid(first: int, second: int, lift: float) -> int:
        middle = (vertices[landmarks[first]] + vertices[landmarks[second]]) / 2
        return near(middle + np.array([0, lift, 0]), face)

    mark = landmarks.tolist()
    jaws = [
        vertices[mark[place]] + np.array([side * 0.2, -1.2, -0.6])
        for place, side in ((14, 1), (2, -1))
    ]
    keypoints = [
        lid(43, 44, 0.12), lid(46, 47, 0.0), lid(37, 38, 0.12), lid(40, 41, 0.0),
        _LEFT_IRIS, _RIGHT_IRIS, mark[24], mark[19], mark[30], mark[54], mark[48], mark[51],
        mark[57], mark[8], near((6.2, 0.2, 7.5)), near((-6.2, 0.2, 7.5)), near((0.0, 9.8, 9.2)),
        near(jaws[0]), near(jaws[1]), near((0.0, -16.0, 5.0)),
    ]  # fmt: skip
    return np.array(keypoints, np.int32)


def find_eye_centres(surface: Surface) -> FloatArray:
    """Centres (2, 3) of the spheres that fit the eyeballs best."""
    centres = []
    for part in (Part.LEFT_EYE, Part.RIGHT_EYE):
        ball = surface.vertices[surface.part == part].astype(np.float64)
        system = np.concatenate([2 * ball, np.ones((len(ball), 1))], axis=1)
        centres.append(np.linalg.lstsq(system, (ball**2).sum(axis=1), rcond=None)[0][:3])
    return np.array(centres, np.float32)


def find_rim(surface: Surface) -> IntArray:
    """Vertices around the lower edge of the bust, in order."""
    skin = surface.triangles[np.isin(surface.part[surface.triangles[:, 0]], SKIN_PARTS)]
    edges = border_edges(skin)
    low = edges[surface.vertices[edges[:, 0], 1] < _BUST]
    return walk_loop(low, int(low[0, 0]))


def paint_masks(surface: Surface, landmarks: IntArray) -> ByteArray:
    """Masks (1024, 1024, 3) uint8 in the texture of the face: lips, lids, around the eyes."""
    places = np.zeros((len(surface.vertices), 2), np.float32)
    face = surface.triangle_part == Part.FACE
    places[surface.triangles[face]] = surface.uv[surface.uv_triangles[face]]
    lips = _filled([_spline(places[landmarks[_LIP_OUTLINE]])])
    outlines = [_spline(places[landmarks[outline]]) for outline in _EYE_OUTLINES]
    eyes = _filled([_widened(outline) for outline in outlines])
    masks = [
        gaussian_filter(lips, 4.0),
        gaussian_filter(maximum_filter(eyes, 5), 3.5),
        gaussian_filter(maximum_filter(eyes, 21), 14.0),
    ]
    painted: ByteArray = np.round(np.stack(masks, axis=-1)).astype(np.uint8)
    return painted


def _widened(outline: Array) -> Array:
    middle = outline.mean(axis=0)
    wider: Array = middle + (outline - middle) * 1.05
    return wider


def _spline(points: FloatArray, steps: int = 12) -> Array:
    """A closed Catmull-Rom spline (N * steps, 2) through points (N, 2)."""
    before, after, beyond = (np.roll(points, shift, axis=0)[:, None] for shift in (1, -1, -2))
    here = points[:, None]
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    cubic = -before + 3 * here - 3 * after + beyond
    square = 2 * before - 5 * here + 4 * after - beyond
    curve = 0.5 * (2 * here + (after - before) * t + square * t**2 + cubic * t**3)
    flat: Array = curve.reshape(-1, 2)
    return flat


def _filled(outlines: list[Array]) -> FloatArray:
    """Outlines filled with 255, with smooth edges."""
    side = _MASK_SIDE * _SUPERSAMPLING
    image = Image.new("L", (side, side))
    for outline in outlines:
        ImageDraw.Draw(image).polygon((outline * side).ravel().tolist(), fill=255)
    return np.asarray(image.reduce(_SUPERSAMPLING), np.float32)
