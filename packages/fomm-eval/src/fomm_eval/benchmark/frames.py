"""The frames of a case in memory, and the keypoints that the model finds in them."""

from __future__ import annotations

from fomm_core.benchmark_format import CaseFiles, read_frame
from fomm_core.image import ByteArray, fit, to_network
from fomm_core.loading import Model
from fomm_core.motion.keypoints import FloatArray


class CaseFrames:
    """A case whose frames are few enough to be kept.

    Args:
        model: finds keypoints.
        case: its files.
        size: height and width of the benchmark's frames in pixels.

    Attributes:
        case: its files.
        source: (H, W, 3) uint8.
        driving, target: T such frames each.

    Raises:
        MediaError: a picture cannot be read or has another size.
    """

    def __init__(self, model: Model, case: CaseFiles, size: int) -> None:
        self.case = case
        self.source = read_frame(case.source, size)
        self.driving = [read_frame(path, size) for path in case.driving]
        self.target = [read_frame(path, size) for path in case.target]
        self._model = model
        # Baselines give these very arrays back, and every method is held against the targets.
        self._own = {id(frame) for frame in (self.source, *self.driving, *self.target)}
        self._found: dict[int, FloatArray] = {}

    def keypoints(self, frame: ByteArray) -> FloatArray:
        """Detect keypoints, (K, 2) in [-1, 1]; once only in the case's own frames.

        Args:
            frame: (H, W, 3) uint8, brought to the model's size.
        """
        key = id(frame)
        if key not in self._own:
            return self._detect(frame)
        if key not in self._found:
            self._found[key] = self._detect(frame)
        return self._found[key]

    def _detect(self, frame: ByteArray) -> FloatArray:
        fitted = fit(frame, self._model.frame_size, "stretch")
        return self._model.engine.detect(to_network(fitted)).value
