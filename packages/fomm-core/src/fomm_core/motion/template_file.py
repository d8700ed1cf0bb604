"""The file of a motion template: an .npz of plain arrays with metadata, read with suspicion."""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import FloatArray
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


class TemplateMetadata(BaseModel):
    """The JSON text beside the arrays.

    Attributes:
        format, version: of the file; others are refused.
        frame_rate: frames per second, a positive fraction such as ``"30000/1001"``.
        model: name of the model that detected the keypoints.
        frame_size: (height, width) of its frames, in pixels.
        reference: index of the frame whose pose is that of the source.
        crop: left, top and side of the driving frames' square in pixels, if there is one.
    """

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
class TemplateFile:
    """Content of the file.

    Attributes:
        metadata: all that is no array.
        values: (N, K, 2), x first; of a file that was read of any shape and float type.
        jacobians: (N, K, 2, 2), or ``None``; likewise.
    """

    metadata: TemplateMetadata
    values: FloatArray
    jacobians: FloatArray | None


def write_template(path: str | Path, content: TemplateFile) -> None:
    """Write the file under its final name only when it is whole.

    Raises:
        OutputError: the file cannot be written.
    """
    # A crop of None is left out: older versions know no such key.
    text = np.array(content.metadata.model_dump_json(exclude_none=True))
    arrays: dict[str, npt.NDArray[Any]] = {"metadata": text, "values": content.values}
    if content.jacobians is not None:
        arrays["jacobians"] = content.jacobians
    with atomic_path(path) as partial, partial.open("wb") as stream:
        np.savez(stream, **arrays)


def read_template(path: str | Path, most_frames: int | None = None) -> TemplateFile:
    """Read the file, its arrays after their headers were found to be harmless.

    Args:
        path: the file.
        most_frames: refuse more driving frames than this, before any is read.

    Raises:
        MotionError: the file is missing, damaged, too large, or no motion template; the message
            names what is wrong, without the path.
    """
    try:
        with Path(path).open("rb") as stream:
            arrays = _read_arrays(stream, most_frames)
        metadata = TemplateMetadata.model_validate_json(str(arrays["metadata"]))
    except OSError as error:
        raise MotionError(f"cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        raise MotionError(_first_problem(error)) from error
    except _DAMAGE as error:
        raise MotionError(
            "expected an undamaged .npz file, found one that cannot be read; save the motion again"
        ) from error
    return TemplateFile(metadata, arrays["values"], arrays.get("jacobians"))


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


def _first_problem(error: ValidationError) -> str:
    """Say in one line what pydantic found wrong first."""
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"]) or "metadata"
    return f"{key}: {problem['msg']}"
