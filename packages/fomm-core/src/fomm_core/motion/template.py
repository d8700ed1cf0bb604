"""A motion as a value: the driving keypoints of a whole video, kept in one small file."""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_core.utils.files import atomic_path

# Half a GiB is two million frames of ten keypoints: far above any video, far below any harm.
_MAX_ARRAY_BYTES = 2**29
_MAX_FRAME_BYTES = 2**13  # the jacobians of 512 keypoints
_MAX_METADATA_BYTES = 2**16
_DAMAGE = (
    *(ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error),
    *(SyntaxError, tokenize.TokenError),  # NumPy parses its headers as Python literals
)
_npy: Any = np.lib.format  # untyped in some releases of numpy


class _Metadata(BaseModel):
    """The JSON text beside the arrays; the file format's version stands here."""

    model_config = ConfigDict(extra="forbid", strict=True, protected_namespaces=())

    format: Literal["fomm-motion-template"] = "fomm-motion-template"
    version: Literal[1] = 1
    # Bounded, because Fraction("1e999999999") would compute that number.
    frame_rate: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,18}/[1-9][0-9]{0,18}$")]
    model: str
    frame_size: tuple[int, int]
    reference: int
    crop: tuple[FiniteFloat, FiniteFloat, FiniteFloat] | None = None


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
        with atomic_path(path) as partial, partial.open("wb") as stream:
            self._write(stream)

    def _write(self, stream: BinaryIO) -> None:
        metadata = _Metadata(
            frame_rate=f"{self.frame_rate.numerator}/{self.frame_rate.denominator}",
            model=self.model,
            frame_size=self.frame_size,
            reference=self.reference,
            crop=self.crop,
        )
        # Without a crop as ever, so that older versions read it.
        text = np.array(metadata.model_dump_json(exclude_none=True))
        arrays: dict[str, npt.NDArray[Any]] = {"metadata": text, "values": self.values}
        if self.jacobians is not None:
            arrays["jacobians"] = self.jacobians
        np.savez(stream, **arrays)

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
            with Path(path).open("rb") as stream:
                arrays = _read_arrays(stream, most_frames)
            metadata = _Metadata.model_validate_json(str(arrays["metadata"]))
            return cls(
                values=arrays["values"],
                jacobians=arrays.get("jacobians"),
                frame_rate=Fraction(metadata.frame_rate),
                model=metadata.model,
                frame_size=metadata.frame_size,
                reference=metadata.reference,
                crop=metadata.crop,
            )
        except MotionError as error:
            raise MotionError(f"motion template {path}: {error}") from error
        except OSError as error:
            reason = error.strerror or error
            raise MotionError(f"motion template {path}: cannot be read: {reason}") from error
        except ValidationError as error:
            reason = _first_problem(error)
            raise MotionError(f"motion template {path}: {reason}") from error
        except _DAMAGE as error:
            raise MotionError(
                f"motion template {path}: expected an undamaged .npz file, "
                f"found one that cannot be read; save the motion again"
            ) from error


def _read_arrays(stream: BinaryIO, most_frames: int | None) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays after their headers were found to be harmless."""
    with zipfile.ZipFile(stream) as archive:
        names = archive.namelist()
        for name in names:
            _check_header(archive, name, most_frames)
    missing = {"values.npy", "metadata.npy"} - set(names)
    if missing:
        raise MotionError(f"expected an array named {min(missing)[:-4]!r}, found none")
    stream.seek(0)
    with np.load(stream, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _check_header(archive: zipfile.ZipFile, name: str, most_frames: int | None) -> None:
    """Refuse an array by its declared kind and size, before any of its data is read."""
    kind, limit = {
        "values.npy": ("f", _MAX_ARRAY_BYTES),
        "jacobians.npy": ("f", _MAX_ARRAY_BYTES),
        "metadata.npy": ("U", _MAX_METADATA_BYTES),
    }.get(name, ("", 0))
    if not kind:
        raise MotionError(f"expected values, jacobians and metadata, found {name!r}")
    with archive.open(name) as stream:
        if _npy.read_magic(stream) != (1, 0):
            raise MotionError(f"{name}: expected array format 1.0, found another")
        shape, _, dtype = _npy.read_array_header_1_0(stream)
    if dtype.kind != kind:
        raise MotionError(f"{name}: expected plain numbers and text, found type {dtype}")
    _check_extent(name, shape, dtype.itemsize, limit)
    if kind == "f":
        _check_frames(name, shape, dtype.itemsize, most_frames)


def _check_extent(name: str, shape: tuple[int, ...], item_bytes: int, limit: int) -> None:
    """Refuse an array that is too large as a whole."""
    if min(shape, default=0) < 0:  # two of them would make a size that looks harmless
        raise MotionError(f"{name}: expected a shape, found {shape}")
    size = item_bytes * math.prod(shape)
    if size > limit:
        raise MotionError(f"{name}: expected at most {limit} bytes, found {size}")


def _check_frames(name: str, shape: tuple[int, ...], item_bytes: int, most: int | None) -> None:
    """Refuse too many frames, or too much for each of them."""
    frames = shape[0] if shape else 0
    if most is not None and frames > most:
        raise MotionError(f"{name}: expected at most {most} frames, found {frames}")
    frame_bytes = item_bytes * math.prod(shape[1:])
    if frame_bytes > _MAX_FRAME_BYTES:
        raise MotionError(
            f"{name}: expected at most {_MAX_FRAME_BYTES} bytes a frame, found {frame_bytes}"
        )


def _finite(name: str, numbers: npt.ArrayLike) -> FloatArray:
    """Return contiguous float32 numbers, none of them NaN or infinite."""
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(numbers, dtype=np.float32)
    if not np.isfinite(array).all():
        raise MotionError(f"{name}: expected finite numbers, found NaN or infinity")
    return array


def _first_problem(error: ValidationError) -> str:
    """Say in one line what pydantic found wrong first."""
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"]) or "metadata"
    return f"{key}: {problem['msg']}"
