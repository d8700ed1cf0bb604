"""The device, precision and kernels with which a training computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import nnabla as nn

from fomm_core.engine.nnabla import extension_context
from fomm_core.errors import ConfigError, EngineError
from fomm_core.network.nnabla_operations import NNABLA_KERNELS, Kernels
from fomm_train.kernels.blas_convolution import BlasConvolution
from fomm_train.kernels.channel_last import channel_last_convolution
from fomm_train.kernels.gathered_warping import warp_by_gathering

TypeConfig = Literal["float", "half"]

FIRST_SCALE = 128.0
_CLEAN_STEPS = 1000
_LARGEST_SCALE = 65536.0


@dataclass(frozen=True)
class Arithmetic:
    """Precision and layout of a training, on whatever device, from its beginning to its end.

    Attributes:
        type_config: ``"half"`` for mixed precision.
        channel_last: whether convolutions are channel-last.
    """

    type_config: TypeConfig = "float"
    channel_last: bool = False


SINGLE_PRECISION = Arithmetic()
"""Arithmetic that every device knows."""


@dataclass(frozen=True, eq=False)
class Precision:
    """The contexts and kernels of one training.

    In half precision only what works on images does (encoder, decoder, VGG19, discriminator);
    keypoints, motion, solvers and the parameters themselves stay in single precision.

    Attributes:
        single: NNabla's context in single precision.
        half: the same in half precision; ``None`` to use ``single`` everywhere.
        kernels: what convolves and warps; to be given to the operations.
        arithmetic: what was asked for.
    """

    single: Any
    half: Any = None
    kernels: Kernels = NNABLA_KERNELS
    arithmetic: Arithmetic = SINGLE_PRECISION

    @property
    def is_mixed(self) -> bool:
        """Whether a part computes in half precision."""
        return self.half is not None

    @contextmanager
    def everything(self) -> Iterator[None]:
        """Build a graph in single precision in the block."""
        with nn.context_scope(self.single):
            yield

    @contextmanager
    def images(self) -> Iterator[None]:
        """Build a part that works on images in the block."""
        with nn.context_scope(self.half if self.is_mixed else self.single):
            yield


def choose_context(name: str) -> str:
    """Turn ``"auto"`` into ``"cudnn"`` where a GPU is usable, else ``"cpu"``."""
    if name != "auto":
        return name
    try:
        extension_context("cudnn")
    except EngineError:
        return "cpu"
    return "cudnn"


def make_precision(
    context: str, local_rank: int, arithmetic: Arithmetic = SINGLE_PRECISION
) -> Precision:
    """Make the contexts of this process.

    Args:
        context: ``"cpu"`` or ``"cudnn"``.
        local_rank: number of the GPU to use.
        arithmetic: precision and layout.

    Raises:
        ConfigError: mixed precision or channel-last on a CPU, which has no use for them.
        EngineError: the extension cannot start.
    """
    if context == "cpu":
        for option, wanted in (
            ("--type-config half", arithmetic.type_config == "half"),
            ("--channel-last", arithmetic.channel_last),
        ):
            if wanted:
                raise ConfigError(f"{option}: expected --context cudnn (a GPU), found cpu")
        kernels = Kernels(BlasConvolution(), warp_by_gathering)
        return Precision(extension_context("cpu"), kernels=kernels)
    from nnabla.ext_utils import get_extension_context

    extension_context(context)  # says what is missing, where something is
    device = str(local_rank)
    single = get_extension_context(context, device_id=device)
    half = None
    if arithmetic.type_config == "half":
        half = get_extension_context(context, device_id=device, type_config="half")
    kernels = NNABLA_KERNELS
    if arithmetic.channel_last:
        kernels = replace(NNABLA_KERNELS, convolution=channel_last_convolution)
    return Precision(single, half, kernels, arithmetic)


@dataclass(frozen=True)
class LossScale:
    """Dynamic loss scaling: small gradients must not vanish in half precision.

    Attributes:
        scale: factor of the loss.
        clean_steps: steps since it was last changed.
    """

    scale: float = 1.0
    clean_steps: int = 0

    def after(self, finite: bool) -> LossScale:
        """The scaling after a step: halved after an overflow, doubled after many without."""
        if not finite:
            return LossScale(max(1.0, self.scale / 2))
        if self.clean_steps + 1 >= _CLEAN_STEPS and self.scale < _LARGEST_SCALE:
            return LossScale(self.scale * 2)
        return LossScale(self.scale, self.clean_steps + 1)
