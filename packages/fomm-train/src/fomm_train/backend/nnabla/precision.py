"""NNabla's contexts and the kernels with which a training computes."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import nnabla as nn

from fomm_core.distributed import Communicator
from fomm_core.distributed.launcher import local_rank
from fomm_core.engine.nnabla import cudnn_status, extension_context
from fomm_core.errors import ConfigError, EngineError
from fomm_core.network.nnabla_operations import NNABLA_KERNELS, Kernels
from fomm_train.backend.nnabla.normalization import synchronised
from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
from fomm_train.backend.precision import SINGLE_PRECISION, Arithmetic, Precision
from fomm_train.kernels.blas_convolution import BlasConvolution
from fomm_train.kernels.channel_last import channel_last_convolution
from fomm_train.kernels.gathered_warping import warp_by_gathering

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class NNablaPrecision(Precision):
    """The contexts and kernels of one training.

    Attributes:
        single: NNabla's context in single precision.
        half: the same in half precision; ``None`` to use ``single`` everywhere.
        kernels: what convolves and warps.
        arithmetic: what was asked for.
    """

    single: Any
    half: Any = None
    kernels: Kernels = NNABLA_KERNELS
    arithmetic: Arithmetic = SINGLE_PRECISION

    @property
    def is_mixed(self) -> bool:
        return self.half is not None

    @contextmanager
    def everything(self) -> Iterator[None]:
        with nn.context_scope(self.single):
            yield

    @contextmanager
    def images(self) -> Iterator[None]:
        with nn.context_scope(self.half if self.is_mixed else self.single):
            yield

    def make_operations(self, communicator: Communicator) -> NNablaTrainingOperations:
        return NNablaTrainingOperations(synchronised(communicator), self.kernels)


def choose_context(name: str) -> str:
    """Turn ``"auto"`` into ``"cudnn"`` where this rank's GPU is usable, else ``"cpu"``.

    Raises:
        EngineError: ``"cudnn"`` is wanted and not usable.
    """
    if name == "cpu":
        return name
    status = cudnn_status(local_rank(os.environ))
    if status.usable:
        return "cudnn"
    if name == "cudnn":
        raise EngineError(f"context cudnn: {status.reason}")
    if status.version:  # somebody has installed it to be used
        logger.warning("training on the CPU; context cudnn: %s", status.reason)
    return "cpu"


def make_precision(
    context: str, local_rank: int, arithmetic: Arithmetic = SINGLE_PRECISION
) -> NNablaPrecision:
    """Make the contexts of this process.

    Args:
        context: ``"cpu"`` or ``"cudnn"``.
        local_rank: number of the GPU to use.
        arithmetic: precision and layout.

    Raises:
        ConfigError: mixed precision or channel-last on a CPU, which has no use for them, or what
            only PyTorch has.
        EngineError: the extension cannot start.
    """
    if context == "mps" or arithmetic.type_config in ("bfloat16", "tf32"):
        option = "--context mps" if context == "mps" else f"--type-config {arithmetic.type_config}"
        raise ConfigError(f"{option}: expected --backend torch, found nnabla")
    if arithmetic.compiled:
        raise ConfigError("--compile: expected --backend torch, found nnabla")
    if context == "cpu":
        for option, wanted in (
            ("--type-config half", arithmetic.type_config == "half"),
            ("--channel-last", arithmetic.channel_last),
        ):
            if wanted:
                raise ConfigError(f"{option}: expected --context cudnn (a GPU), found cpu")
        kernels = Kernels(BlasConvolution(), warp_by_gathering)
        return NNablaPrecision(extension_context("cpu"), kernels=kernels)
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
    return NNablaPrecision(single, half, kernels, arithmetic)
