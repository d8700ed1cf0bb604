"""A motion as a value: the driving keypoints of a whole video."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_core.motion.template_file import (
    TemplateFile,
    TemplateMetadata,
    read_template,
    write_template,
)


@dataclass(frozen=True, eq=False)
class MotionTemplate:
    """The driving keypoints of a video: drives any source of the same model without it.

    Attributes:
        values: (N, K, 2) float32, x first, in [-1, 1]: one row per driving frame, N >= 1.
        jacobians: (N, K, 2, 2) float32, or ``None`` where the model estimates none.
        frame_rate: frames per second of the driving video, exact and positive.
        model: name of the model that detected the keypoints; for the user's eyes.
        frame_size: (height, width) of that model's frames, in pixels.
        reference: index of the frame whose pose is that of the source, in 0..N-1.
        crop: left, top and side of the one square of the driving frames, in their pixels, in
            which the keypoints were detected; ``None`` for the whole frames or several squares.

    Raises:
        MotionError: an attribute is not as above, or a number is not finite.
    """

    values: FloatArray
    jacobians: FloatArray | None
    frame_rate: Fraction
    model: str
    frame_size: tuple[int, int]
    reference: int = 0
    crop: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        values = _finite("values", self.values)
        if values.ndim != 3 or values.shape[2] != 2 or values.size == 0:
            raise MotionError(f"values: expected shape (frames, K, 2), found {values.shape}")
        object.__setattr__(self, "values", values)
        if self.jacobians is not None:
            jacobians = _finite("jacobians", self.jacobians)
            expected = (*values.shape[:2], 2, 2)
            if jacobians.shape != expected:
                raise MotionError(f"jacobians: expected shape {expected}, found {jacobians.shape}")
            object.__setattr__(self, "jacobians", jacobians)
        if self.frame_rate <= 0:
            raise MotionError(f"frame_rate: expected a positive number, found {self.frame_rate}")
        if len(self.frame_size) != 2 or min(self.frame_size) < 1:
            raise MotionError(f"frame_size: expected (height, width), found {self.frame_size}")
        if not 0 <= self.reference < len(values):
            raise MotionError(
                f"reference: expected a frame in 0..{len(values) - 1}, found {self.reference}"
            )

    @classmethod
    def from_keypoints(
        cls,
        keypoints: Iterable[Keypoints],
        *,
        frame_rate: Fraction,
        model: str,
        frame_size: tuple[int, int],
        reference: int = 0,
        crop: tuple[float, float, float] | None = None,
    ) -> MotionTemplate:
        """Collect the keypoints of successive driving frames.

        Raises:
            MotionError: there are none, they differ in number or in having jacobians, or
                one is not finite.
        """
        frames = list(keypoints)
        if not frames:
            raise MotionError("motion template: expected at least one frame, found none")
        jacobians = [frame.jacobian for frame in frames if frame.jacobian is not None]
        if len({len(frame) for frame in frames}) > 1 or len(jacobians) not in (0, len(frames)):
            raise MotionError("motion template: expected the same kind of keypoints in all frames")
        return cls(
            values=np.stack([frame.value for frame in frames]),
            jacobians=np.stack(jacobians) if jacobians else None,
            frame_rate=frame_rate,
            model=model,
            frame_size=frame_size,
            reference=reference,
            crop=crop,
        )

    def mapped(self, change: Callable[[Keypoints], Keypoints]) -> MotionTemplate:
        """The same motion with every frame's keypoints changed, in order."""
        return MotionTemplate.from_keypoints(
            map(change, self),
            frame_rate=self.frame_rate,
            model=self.model,
            frame_size=self.frame_size,
            reference=self.reference,
            crop=self.crop,
        )

    def __len__(self) -> int:
        """Number of driving frames N."""
        return len(self.values)

    def __getitem__(self, index: int) -> Keypoints:
        """Keypoints of one driving frame."""
        jacobian = None if self.jacobians is None else self.jacobians[index]
        return Keypoints(self.values[index], jacobian)

    def __iter__(self) -> Iterator[Keypoints]:
        """Keypoints of the driving frames in order."""
        return (self[index] for index in range(len(self)))

    def save(self, path: str | Path) -> None:
        """Write the template as an .npz of plain arrays, under its final name only when whole.

        Raises:
            OutputError: the file cannot be written.
        """
        metadata = TemplateMetadata(
            frame_rate=f"{self.frame_rate.numerator}/{self.frame_rate.denominator}",
            model=self.model,
            frame_size=self.frame_size,
            reference=self.reference,
            crop=self.crop,
        )
        write_template(path, TemplateFile(metadata, self.values, self.jacobians))

    @classmethod
    def load(cls, path: str | Path, most_frames: int | None = None) -> MotionTemplate:
        """Read a template that :meth:`save` wrote; nothing in the file is executed.

        Args:
            path: the file.
            most_frames: refuse more driving frames than this, before any is read.

        Raises:
            MotionError: the file is missing, damaged, too large, or no motion template.
        """
        try:
            stored = read_template(path, most_frames)
            metadata = stored.metadata
            return cls(
                values=stored.values,
                jacobians=stored.jacobians,
                frame_rate=Fraction(metadata.frame_rate),
                model=metadata.model,
                frame_size=metadata.frame_size,
                reference=metadata.reference,
                crop=metadata.crop,
            )
        except MotionError as error:
            raise MotionError(f"motion template {path}: {error}") from error


def _finite(name: str, numbers: npt.ArrayLike) -> FloatArray:
    """Return contiguous float32 numbers, none of them NaN or infinite."""
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(numbers, dtype=np.float32)
    if not np.isfinite(array).all():
        raise MotionError(f"{name}: expected finite numbers, found NaN or infinity")
    return array
