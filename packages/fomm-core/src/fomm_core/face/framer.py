"""Framing one person's face: by the detector's box, refined by the model's own keypoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fomm_core.errors import ModelError
from fomm_core.face.crop import Crop, frame_face
from fomm_core.face.detector import FaceBox, FaceDetector
from fomm_core.image import ByteArray, to_network
from fomm_core.model.framing import Framing, KeypointFraming
from fomm_core.motion.keypoints import FloatArray, Keypoints

_ROUNDS = 3
_CLOSE = 0.02
_LARGEST_CHANGE = 1.35
_FARTHEST = 0.25
"""Distance from the detector's square, in sides, beyond which the keypoints are not believed."""


@dataclass(frozen=True)
class FaceFramer:
    """Finds faces and frames them as a model's training pictures are.

    Attributes:
        detector: finds the boxes.
        framing: of the model.
        detect: the model's keypoint detector, on (3, height, width) float32 in [0, 1].
        size: (height, width) of the model's frames.
    """

    detector: FaceDetector
    framing: Framing
    detect: Callable[[FloatArray], Keypoints]
    size: tuple[int, int]

    def framing_of(self, picture: ByteArray, box: FaceBox) -> Framing:
        """The framing of one person, whose box may be higher or lower than usual.

        The square moves and grows until the centre and the spread of the keypoints in it are
        the model's usual ones.

        Args:
            picture: (H, W, 3) uint8, RGB.
            box: of the person's face.

        Returns:
            The framing with that person's figures; the model's itself where it says nothing
            of its keypoints, or these lead far away, as on pictures unlike its training's.
        """
        if self.framing.keypoints is None:
            return self.framing
        first = refined = frame_face(box, self.framing)
        for _ in range(_ROUNDS):
            refined, done = self._refined(picture, refined, self.framing.keypoints)
            if not _is_near(refined, first):
                return self.framing
            if done:
                break
        return _framing_between(box, refined, self.framing)

    def _refined(self, picture: ByteArray, crop: Crop, usual: KeypointFraming) -> tuple[Crop, bool]:
        """One round: the square that the keypoints ask for, and whether it is about the same."""
        value = self.detect(to_network(crop.cut(picture, self.size))).value
        centre, spread = _measures(value, usual)
        growth = spread / usual.spread
        wanted = np.array([usual.centre_x, usual.centre_y])
        x, y = np.array(crop.centre) + (centre - growth * wanted) * crop.side / 2
        done = abs(growth - 1) < _CLOSE and float(np.abs(centre - wanted).max()) < _CLOSE
        return Crop.around((float(x), float(y)), crop.side * growth), done


def _framing_between(box: FaceBox, crop: Crop, framing: Framing) -> Framing:
    """The framing by which the box gives that square."""
    x, y = ((a - b) / crop.side for a, b in zip(crop.centre, box.centre, strict=True))
    changes = {"side": crop.side / box.height, "centre_x": 0.5 - x, "centre_y": 0.5 - y}
    return framing.model_copy(update=changes)


def _measures(value: FloatArray, usual: KeypointFraming) -> tuple[npt.NDArray[np.float64], float]:
    """Centre (2,) and spread of keypoints (K, 2), or of the mean shape fitted to them.

    Raises:
        ModelError: the card has weights for another number of keypoints.
    """
    if not usual.weights:
        centre = value.mean(axis=0, dtype=np.float64)
        return centre, float(np.sqrt(np.square(value - centre).sum(axis=1).mean()))
    if len(usual.weights) != len(value):
        raise ModelError(
            f"framing: expected weights of {len(value)} keypoints, found {len(usual.weights)}; "
            "mend the model's card"
        )
    weights = np.array(usual.weights).reshape(-1, 3, 2)
    x, y, spread = np.einsum("kmx,kx->m", weights, value).tolist()
    return np.array([x, y]), spread


def _is_near(refined: Crop, first: Crop) -> bool:
    """Whether a square is still about the detector's; not so with NaN."""
    ratio = refined.side / first.side
    shift = float(np.abs(np.subtract(refined.centre, first.centre)).max())
    return 1 / _LARGEST_CHANGE < ratio < _LARGEST_CHANGE and shift < _FARTHEST * first.side
