"""A tiny engine without networks, for tests of everything around engines."""

from __future__ import annotations

import numpy as np

from fomm_core._version import __version__
from fomm_core.engine.base import Diagnostics, Engine, Rendering, SourceFeatures
from fomm_core.engine.spec import EngineChoice, EngineSpec, EngineStatus
from fomm_core.model.files import ModelFiles
from fomm_core.motion.keypoints import FloatArray, Keypoints


class FakeEngine(Engine):
    """Follows the brightest spot: an honest engine that needs neither weights nor libraries.

    All keypoints sit around the centre of brightness of the image; rendering shifts the
    source by their mean movement, in whole pixels, with black coming in from outside.

    Args:
        frame_size: (height, width) in pixels.
        num_kp: number of keypoints, at least 1.
        nan_frames: indices of :meth:`detect` calls whose keypoints are NaN.
    """

    name = "fake"
    precision = "fp32"

    def __init__(
        self,
        frame_size: tuple[int, int] = (64, 64),
        num_kp: int = 4,
        nan_frames: frozenset[int] = frozenset(),
    ) -> None:
        super().__init__()
        self.frame_size = frame_size
        self._angles = np.linspace(0, 2 * np.pi, num_kp, endpoint=False)
        self._nan_frames = nan_frames
        self._calls = 0

    def detect(self, image: FloatArray) -> Keypoints:
        self._check(image)
        call, self._calls = self._calls, self._calls + 1
        weight = image.mean(axis=0) + 1e-6
        y, x = (np.linspace(-1, 1, side) for side in self.frame_size)
        centre = np.array([(weight * x).sum(), (weight.T * y).sum()]) / weight.sum()
        ring = 0.1 * np.stack([np.cos(self._angles), np.sin(self._angles)], axis=1)
        value = (centre + ring).astype(np.float32)
        if call in self._nan_frames:
            value[:] = np.nan
        return Keypoints(value, np.tile(np.eye(2, dtype=np.float32), (len(value), 1, 1)))

    def encode(self, image: FloatArray) -> SourceFeatures:
        self._check(image)
        return SourceFeatures(image.copy(), None)

    def render(
        self,
        features: SourceFeatures,
        kp_source: Keypoints,
        kp_driving: Keypoints,
        diagnostics: bool = False,
    ) -> Rendering:
        self._check(features.image)
        movement = (kp_driving.value - kp_source.value).mean(axis=0)
        height, width = self.frame_size
        dx, dy = np.rint(movement * [(width - 1) / 2, (height - 1) / 2]).astype(int)
        moved = _shifted(features.image, dy, dx)
        if not diagnostics:
            return Rendering(moved)
        count = len(kp_source) + 1
        size = (height // 4, width // 4)
        displacement = np.array([2 * dx / (width - 1), 2 * dy / (height - 1)], np.float32)
        small = features.image[:, : 4 * size[0] : 4, : 4 * size[1] : 4]
        return Rendering(
            moved,
            Diagnostics(
                deformed=moved,
                occlusion_map=np.ones((1, *size), np.float32),
                mask=np.full((count, *size), 1 / count, np.float32),
                sparse_deformed=np.tile(small, (count, 1, 1, 1)),
                deformation=_still_grid(size) - displacement,
            ),
        )


def _still_grid(size: tuple[int, int]) -> FloatArray:
    """The deformation (h, w, 2) that moves nothing."""
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in size)
    return np.stack(np.meshgrid(x, y), axis=-1)


def _shifted(image: FloatArray, down: int, right: int) -> FloatArray:
    """Move an image (C, H, W) by whole pixels; black comes in from outside."""
    moved = np.zeros_like(image)
    height, width = image.shape[1:]
    if abs(down) < height and abs(right) < width:
        target = (
            slice(max(0, down), height + min(0, down)),
            slice(max(0, right), width + min(0, right)),
        )
        origin = (
            slice(max(0, -down), height + min(0, -down)),
            slice(max(0, -right), width + min(0, -right)),
        )
        moved[:, target[0], target[1]] = image[:, origin[0], origin[1]]
    return moved


def _status() -> EngineStatus:
    return EngineStatus("fake", True, "", __version__)


def _start(files: ModelFiles, choice: EngineChoice) -> Engine:
    num_kp = files.config.model_params.common_params.num_kp
    return FakeEngine(files.config.frame_size, num_kp)


FAKE = EngineSpec(name="fake", device="cpu", precisions=("fp32",), status=_status, start=_start)
"""Not in the registry: a test puts it there, under whatever name."""
