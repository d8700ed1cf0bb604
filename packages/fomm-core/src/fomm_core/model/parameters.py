"""Parameter files: NNabla's .h5 format, read and written without NNabla.

A parameter file is an HDF5 file with one dataset per parameter, named by its path
(``generator/downblock/conv/W``), with two attributes: ``index``, its place in the order of
creation, and ``need_grad``, whether training changes it by gradients.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fomm_core.errors import ParameterError
from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.files import atomic_path
from fomm_core.utils.paths import describe_other

Parameters = dict[str, FloatArray]
"""Parameters by name, in the order of their creation; every array is float32."""

# What NNabla updates by itself, not by gradients: running statistics and singular vectors.
_NOT_TRAINED = ("/bn/mean", "/bn/var", "/spectral-norm/u", "/spectral-norm/W_sn")

# PyTorch's files: pickles before version 1.6, since then zip files that begin with one.
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_HEAD_BYTES = 512

# h5py passes on whatever a damaged file makes HDF5 stumble over.
_UNREADABLE = (OSError, RuntimeError, ValueError, TypeError, KeyError, EOFError, MemoryError)


def is_trained(name: str) -> bool:
    """Whether a parameter is trained by gradients (NNabla's ``need_grad``)."""
    return not name.endswith(_NOT_TRAINED)


def load_parameters(path: str | Path) -> Parameters:
    """Read a parameter file written by NNabla or by :func:`save_parameters`.

    Args:
        path: an .h5 file whose datasets are of a floating-point type.

    Returns:
        The parameters as float32, in the order of their ``index``; datasets without one
        come last, by name. Values are not judged here: see :func:`check_parameters`.

    Raises:
        ParameterError: the file is missing, damaged, not HDF5, or holds no parameters.
    """
    import h5py

    path = Path(path)
    if not path.is_file():
        found = describe_other(path) or "none"
        raise ParameterError(f"{path}: expected a parameter file (.h5), found {found}")
    _refuse_torch(path)
    try:
        with h5py.File(path, "r") as file:
            parameters = {name: _read(data, path) for name, data in _datasets(file)}
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())
        raise ParameterError(
            f"{path}: expected an HDF5 parameter file, found a damaged or different one: {reason}"
        ) from error
    if not parameters:
        raise ParameterError(f"{path}: expected network parameters, found an HDF5 file with none")
    return parameters


def _refuse_torch(path: Path) -> None:
    """Raise where the file is a checkpoint of PyTorch, telling how to convert it."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise ParameterError(f"{path}: cannot be read: {error.strerror}") from error
    if head.startswith(_PICKLES) or (head.startswith(b"PK") and b"data.pkl" in head):
        raise ParameterError(
            f"{path}: expected a parameter file (.h5), found a PyTorch checkpoint; convert it: "
            "fomm convert CHECKPOINT.pth.tar PARAMS.h5 --config CONFIG.yaml"
        )


def _datasets(file: Any) -> list[tuple[str, Any]]:
    """List (name, dataset) of an open file in the order of the parameters' creation."""
    import h5py

    found: list[tuple[bool, int, str, Any]] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            index = item.attrs.get("index")
            found.append((index is None, 0 if index is None else int(index), name, item))

    file.visititems(visit)
    return [(name, data) for _, _, name, data in sorted(found, key=lambda entry: entry[:3])]


def _read(data: Any, path: Path) -> FloatArray:
    """Read one dataset as float32."""
    if data.dtype.kind != "f":
        raise ParameterError(
            f"{path}: {data.name.lstrip('/')}: expected floating-point values, found {data.dtype}"
        )
    with np.errstate(over="ignore"):  # an overflow becomes inf, which the check names
        return np.asarray(data[()], dtype=np.float32)


def save_parameters(
    path: str | Path,
    parameters: Mapping[str, npt.NDArray[Any]],
    need_grad: Callable[[str], bool] = is_trained,
    dtype: npt.DTypeLike = np.float32,
) -> None:
    """Write a parameter file that ``nnabla.load_parameters`` accepts.

    Args:
        path: where to write; appears whole or not at all.
        parameters: arrays by name, in the order that ``index`` is to keep.
        need_grad: says of a name whether that parameter is trained by gradients.
        dtype: float32, or float16 for half the size (three decimal digits kept).

    Raises:
        ParameterError: a value is NaN or infinite, or too large for ``dtype``.
        OutputError: the file cannot be written.
    """
    image = _to_hdf5(parameters, need_grad, np.dtype(dtype))
    with atomic_path(path) as partial:
        partial.write_bytes(image)


def _to_hdf5(
    parameters: Mapping[str, npt.NDArray[Any]],
    need_grad: Callable[[str], bool],
    dtype: np.dtype[Any],
) -> bytes:
    """Build the file in memory: HDF5's own writing hides a full disk behind odd errors."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for index, (name, value) in enumerate(parameters.items()):
            check_finite(name, value, "parameters to save")
            with np.errstate(over="ignore"):
                stored = np.asarray(value).astype(dtype)
            if not np.isfinite(stored).all():
                largest = float(np.abs(value).max())
                raise ParameterError(
                    f"{name}: expected values that fit {dtype.name}, found {largest:g}"
                )
            dataset = file.create_dataset(name, data=stored)
            dataset.attrs["need_grad"] = need_grad(name)
            dataset.attrs["index"] = index
    return buffer.getvalue()


def check_finite(name: str, value: npt.NDArray[Any], source: str) -> None:
    """Refuse a parameter that holds NaN or infinite values.

    Raises:
        ParameterError: it does; the message names the parameter and ``source``.
    """
    bad = value.size - int(np.count_nonzero(np.isfinite(value)))
    if bad:
        raise ParameterError(
            f"{source}: {name}: expected finite values, found {bad} of {value.size} NaN or infinite"
        )


def check_parameters(
    parameters: Mapping[str, npt.NDArray[Any]],
    expected: Mapping[str, tuple[int, ...]],
    source: str,
) -> None:
    """Check that parameters fit networks, name by name in the networks' order.

    Parameters of other networks (``discriminator/...`` where only the generator and the
    keypoint detector are expected) are ignored.

    Args:
        parameters: what was loaded.
        expected: shape of each parameter by name.
        source: where the parameters come from, for the message.

    Raises:
        ParameterError: a parameter is missing, has another shape, is not finite, or is
            unknown to its network; the message names the first such parameter.
    """
    for name, shape in expected.items():
        if name not in parameters:
            raise ParameterError(
                f"{source}: {name}: the configuration expects shape {shape}, "
                "found no such parameter"
            )
        if parameters[name].shape != shape:
            raise ParameterError(
                f"{source}: {name}: the configuration expects shape {shape}, "
                f"found {parameters[name].shape}"
            )
        check_finite(name, parameters[name], source)
    networks = {name.split("/")[0] for name in expected}
    for name, value in parameters.items():
        if name not in expected and name.split("/")[0] in networks:
            raise ParameterError(
                f"{source}: {name}: the configuration expects no such parameter, "
                f"found one of shape {value.shape}"
            )
