"""The files of PyTorch: read as data, never as code, and written.

PyTorch's files are pickles, which can run code when loaded naively. Here they are read with
``weights_only=True``, which knows tensors and plain containers and refuses all else. PyTorch
is imported by the functions that need it, never by this module.
"""

from __future__ import annotations

import io
import pickle
import warnings
from argparse import Namespace
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from fomm_core.convert.torch_names import NETWORKS
from fomm_core.convert.torch_wrapping import find_networks
from fomm_core.errors import ParameterError
from fomm_core.utils.files import atomic_path
from fomm_core.utils.paths import describe_other

State = dict[str, npt.NDArray[Any]]
"""The tensors of one network by their names in PyTorch: floating-point ones as float32."""


_LISTED = 6


def require_torch() -> ModuleType:
    """Import PyTorch.

    Raises:
        ParameterError: it is not installed; the message says how to install it.
    """
    try:
        import torch
    except ImportError as error:
        raise ParameterError(
            "PyTorch checkpoints: expected PyTorch to be installed, found none; "
            "install it with: pip install 'fomm-core[torch]'"
        ) from error
    module: ModuleType = torch
    return module


def read_states(path: Path) -> dict[str, State]:
    """Read the states of the networks in a checkpoint.

    Args:
        path: a file in either of PyTorch's formats (zip, or the one before version 1.6). Its
            other entries are passed over if they are states of optimizers or plain values.

    Returns:
        The state of each network that is there; see
        :func:`~fomm_core.convert.torch_wrapping.find_networks`.

    Raises:
        ParameterError: PyTorch is not installed, or the file is missing, damaged, unsafe,
            holds another network, none at all, or something else than tensors.
    """
    checkpoint = _load(path)
    if not isinstance(checkpoint, Mapping):
        raise ParameterError(
            f"{path}: expected a checkpoint with one entry per network, "
            f"found {type(checkpoint).__name__}"
        )
    found = find_networks(checkpoint, str(path))
    if not found:
        raise ParameterError(
            f"{path}: expected the networks {', '.join(NETWORKS)}, found {_listed(checkpoint)}; "
            "save them as torch.save({'generator': generator.state_dict(), 'kp_detector': "
            "kp_detector.state_dict()}, PATH)"
        )
    return {network: _arrays(state, f"{path}: {network}") for network, state in found.items()}


def _listed(entries: Mapping[Any, Any]) -> str:
    """Name the first entries of a checkpoint."""
    names = [str(key) for key in entries]
    more = len(names) - _LISTED
    shown = ", ".join(names[:_LISTED]) or "no entry"
    return f"{shown} and {more} more" if more > 0 else shown


def read_state(path: Path, prefix: str = "") -> State:
    """Read a file that holds the state of one network and nothing else.

    Args:
        path: as for :func:`read_states`.
        prefix: only tensors whose names begin so are converted.

    Raises:
        ParameterError: as :func:`read_states`.
    """
    state = _load(path)
    if isinstance(state, Mapping):
        state = {name: value for name, value in state.items() if str(name).startswith(prefix)}
    return _arrays(state, str(path))


def write_states(path: Path, states: Mapping[str, State]) -> None:
    """Write a checkpoint with the states of networks and ``epoch`` 0.

    Raises:
        ParameterError: PyTorch is not installed.
        OutputError: the file cannot be written.
    """
    torch = require_torch()
    checkpoint: dict[str, Any] = {
        network: OrderedDict((name, torch.from_numpy(value)) for name, value in state.items())
        for network, state in states.items()
    }
    # Into memory first: torch.save turns a full disk into an unspecific RuntimeError.
    buffer = io.BytesIO()
    torch.save({**checkpoint, "epoch": 0}, buffer)
    with atomic_path(path) as partial:
        partial.write_bytes(buffer.getvalue())


def _load(path: Path) -> Any:
    """Read the file's objects."""
    torch = require_torch()
    if not path.is_file():
        found = describe_other(path) or "none"
        raise ParameterError(f"{path}: expected a PyTorch checkpoint, found {found}")
    try:
        with warnings.catch_warnings():  # PyTorch's doubts about a file that it then refuses
            warnings.simplefilter("ignore")
            with torch.serialization.safe_globals(_plain_objects()):
                return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ParameterError(
            f"{path}: expected a PyTorch checkpoint of tensors alone, found a damaged file or "
            "one with other objects, which could run code: it is not loaded; where you trust it, "
            "load it with PyTorch and save the networks' state_dict() alone"
        ) from error
    except Exception as error:  # damaged pickles fail in every way there is
        raise ParameterError(
            f"{path}: expected a PyTorch checkpoint, found a damaged or different file "
            f"({type(error).__name__})"
        ) from error


def _plain_objects() -> list[Any]:
    """List types that other trainers leave beside the tensors and that run no code."""
    scalar = np.float64(0).__reduce__()[0]
    kinds = {type(np.dtype(code)) for code in np.typecodes["AllInteger"] + np.typecodes["Float"]}
    modules = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
    return [Namespace, np.dtype, *kinds, *((scalar, name) for name in modules)]


def _arrays(tensors: Any, source: str) -> State:
    """Copy the tensors of one network into arrays."""
    torch = require_torch()
    if not isinstance(tensors, Mapping):
        raise ParameterError(f"{source}: expected tensors by name, found {type(tensors).__name__}")
    state: State = {}
    for name, value in tensors.items():
        if not isinstance(value, torch.Tensor) or value.layout != torch.strided:
            raise ParameterError(
                f"{source}: {name}: expected a dense tensor, found {type(value).__name__}"
            )
        value = value.detach()
        if value.dtype.is_floating_point:
            value = value.to(torch.float32)
        state[str(name)] = np.array(value.numpy())
    return state
