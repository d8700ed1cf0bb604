"""Checkpoints of the original PyTorch implementation, converted in both directions.

Such a checkpoint is one file with the state of each network (``generator``,
``kp_detector``, often ``discriminator``), of the optimizers, and the epoch. Only the networks
are carried over; a training run that continues starts with fresh optimizers.

Three tensors exist in PyTorch alone (:data:`fomm_core.convert.torch_names.DERIVED`). They are
dropped on the way to NNabla and made anew on the way back:

* the Gaussian of the anti-aliasing, which follows from the configuration's ``scale_factor``;
* ``num_batches_tracked``, a counter without effect here: set to 0;
* ``weight_v`` of spectral normalisation: ``W^T u``, normalised. PyTorch computes just that
  before each training step; the one it stores belongs to the ``u`` of a step before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fomm_core.config import Config
from fomm_core.convert.torch_file import State, read_states, require_torch, write_states
from fomm_core.convert.torch_names import (
    DERIVED,
    GENERATOR,
    KP_DETECTOR,
    NETWORKS,
    TENSORS,
    Kind,
    Layer,
    network_layers,
)
from fomm_core.errors import ParameterError
from fomm_core.model.parameters import Parameters, check_finite
from fomm_core.motion.keypoints import FloatArray

# Half precision has 11 bits, bfloat16 has 8.
_STORED_PRECISION = 2**-8

_REQUIRED = (KP_DETECTOR, GENERATOR)
_NORMS = (Kind.BATCH_NORM, Kind.INSTANCE_NORM)


def from_torch(path: str | Path, config: Config) -> Parameters:
    """Read a PyTorch checkpoint as NNabla parameters.

    Args:
        path: a file in either of PyTorch's formats (zip, or the one before version 1.6). It
            is read as data only: a file that holds anything but tensors and plain containers
            is refused, and no code in it is run. Half precision and the usual wrappings of other
            trainers are read too; see :mod:`fomm_core.convert.torch_wrapping`.
        config: the configuration of the networks in it.

    Returns:
        The parameters of all its networks, float32, in NNabla's order.

    Raises:
        ParameterError: PyTorch is not installed; the file is missing, damaged, unsafe or not
            such a checkpoint; a tensor is missing, unknown, not finite, or does not fit the
            configuration. The message names the tensor.
    """
    states = read_states(Path(path))
    for network in _REQUIRED:
        if network not in states:
            found = ", ".join(states) or "no network"
            raise ParameterError(f"{path}: expected the network '{network}', found {found}")
    parameters: Parameters = {}
    for network, state in states.items():
        parameters |= _to_parameters(network, state, config, f"{path}: {network}")
    return parameters


def to_torch(parameters: Parameters, config: Config, path: str | Path) -> None:
    """Write NNabla parameters as a checkpoint that the original PyTorch code loads.

    The checkpoint holds the networks and ``epoch`` 0, no optimizer states.

    Args:
        parameters: parameters of keypoint detector and generator, and of the discriminator
            if there is one.
        config: the configuration of these networks.
        path: where to write; appears whole or not at all.

    Raises:
        ParameterError: PyTorch is not installed; a parameter is missing, unknown or not
            finite. The message names it.
        OutputError: the file cannot be written.
    """
    found: dict[str, Parameters] = {network: {} for network in _REQUIRED}
    for name, value in parameters.items():
        network = name.split("/")[0]
        if network not in NETWORKS:
            raise ParameterError(f"{name}: expected a parameter of {', '.join(NETWORKS)}")
        found.setdefault(network, {})[name] = value
    write_states(Path(path), {n: _to_state(n, own, config) for n, own in found.items()})


def anti_alias_kernel(scale_factor: float, channels: int) -> FloatArray:
    """Make the Gaussian that PyTorch checkpoints store for the anti-aliased down-scaling.

    Its standard deviation is (1 / scale_factor - 1) / 2 pixels, its width
    2 * round(4 * sigma) + 1. PyTorch computes it, so that it equals the stored ones to the
    last bit (NumPy's exponential differs there).

    Args:
        scale_factor: in (0, 1).
        channels: number of colour channels; each has the same plane.

    Returns:
        (channels, 1, width, width), each plane summing to 1.
    """
    torch = require_torch()
    sigma = (1 / scale_factor - 1) / 2
    width = 2 * round(4 * sigma) + 1
    offset = torch.arange(width, dtype=torch.float32) - (width - 1) / 2
    profile = torch.exp(-(offset**2) / (2 * sigma**2))
    kernel = profile[:, None] * profile[None, :]
    planes: FloatArray = (kernel / kernel.sum()).repeat(channels, 1, 1, 1).numpy()
    return planes


def _to_parameters(network: str, state: State, config: Config, source: str) -> Parameters:
    """Rename and reshape one network's tensors; each of them must be accounted for."""
    parameters: Parameters = {}
    unknown = dict.fromkeys(state)
    for layer in network_layers(network, config, state):
        for torch_name, nnabla_name in _tensor_names(layer):
            if torch_name not in state:
                raise ParameterError(
                    f"{source}: {torch_name}: expected by the configuration, found no such tensor"
                )
            check_finite(torch_name, state[torch_name], source)
            parameters[nnabla_name] = _to_nnabla_shape(state[torch_name], layer.kind)
            del unknown[torch_name]
        derived = _derived_name(layer)
        if derived in unknown:
            _check_derived(layer, state[derived], network, config, f"{source}: {derived}")
            del unknown[derived]
    for name in unknown:
        raise ParameterError(f"{source}: {name}: the configuration has no layer for this tensor")
    return parameters


def _to_state(network: str, parameters: Parameters, config: Config) -> State:
    """Rename and reshape one network's parameters, and make the derived tensors."""
    state: State = {}
    unknown = dict.fromkeys(parameters)
    for layer in network_layers(network, config, parameters):
        for torch_name, nnabla_name in _tensor_names(layer):
            if nnabla_name not in parameters:
                raise ParameterError(
                    f"{nnabla_name}: expected by the configuration, found no such parameter"
                )
            check_finite(nnabla_name, parameters[nnabla_name], "parameters")
            state[torch_name] = _to_torch_shape(parameters[nnabla_name], layer.kind)
            del unknown[nnabla_name]
        if layer.kind in DERIVED:
            state[_derived_name(layer)] = _make_derived(layer, state, network, config)
    for name in unknown:
        raise ParameterError(f"{name}: the configuration has no layer for this parameter")
    return state


def _tensor_names(layer: Layer) -> list[tuple[str, str]]:
    """Full (PyTorch, NNabla) names of a layer's tensors."""
    return [
        (f"{layer.torch}.{torch}", f"{layer.nnabla}/{nnabla}")
        for torch, nnabla in TENSORS[layer.kind]
    ]


def _derived_name(layer: Layer) -> str:
    """Full name of the tensor of a layer that only PyTorch stores; empty if there is none."""
    return f"{layer.torch}.{DERIVED[layer.kind]}" if layer.kind in DERIVED else ""


def _to_nnabla_shape(value: npt.NDArray[Any], kind: Kind) -> FloatArray:
    """(C,) becomes (1, C, 1, 1) in normalisations: NNabla keeps the axes of the image."""
    value = value.reshape(1, -1, 1, 1) if kind in _NORMS else value
    return np.ascontiguousarray(value, dtype=np.float32)


def _to_torch_shape(value: FloatArray, kind: Kind) -> FloatArray:
    """(1, C, 1, 1) becomes (C,) in normalisations."""
    value = value.reshape(-1) if kind in _NORMS else value
    return np.ascontiguousarray(value, dtype=np.float32)


def _check_derived(
    layer: Layer, value: npt.NDArray[Any], network: str, config: Config, source: str
) -> None:
    """Check the Gaussian against the configuration; the other derived tensors say nothing."""
    if layer.kind is not Kind.ANTI_ALIAS:
        return
    expected = _anti_alias(network, config)
    fits = value.shape == expected.shape
    if not fits or not np.allclose(value, expected, rtol=_STORED_PRECISION, atol=1e-5):
        raise ParameterError(
            f"{source}: expected the Gaussian of the configuration's scale_factor, shape "
            f"{expected.shape}, found another, shape {value.shape}"
        )


def _make_derived(layer: Layer, state: State, network: str, config: Config) -> npt.NDArray[Any]:
    """Make the tensor of a layer that only PyTorch stores."""
    if layer.kind is Kind.ANTI_ALIAS:
        return _anti_alias(network, config)
    if layer.kind is Kind.BATCH_NORM:
        return np.zeros((), dtype=np.int64)
    weight, u = state[f"{layer.torch}.weight_orig"], state[f"{layer.torch}.weight_u"]
    v = u @ weight.reshape(len(weight), -1)
    return np.asarray(v / max(float(np.linalg.norm(v)), 1e-12), dtype=np.float32)


def _anti_alias(network: str, config: Config) -> FloatArray:
    """The Gaussian with which the network scales the picture down."""
    model = config.model_params
    hourglass = (
        model.kp_detector_params
        if network == KP_DETECTOR
        else model.generator_params.dense_motion_params
    )
    return anti_alias_kernel(hourglass.scale_factor, model.common_params.num_channels)
