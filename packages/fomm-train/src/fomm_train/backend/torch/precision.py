"""PyTorch's devices and the precision in which a training computes on them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch

from fomm_core.devices import try_devices
from fomm_core.distributed import Communicator
from fomm_core.distributed.launcher import local_rank
from fomm_core.errors import ConfigError, EngineError
from fomm_train.backend.precision import SINGLE_PRECISION, Arithmetic, Precision
from fomm_train.backend.torch.compiler import find_compiler_failure
from fomm_train.backend.torch.normalization import synchronised
from fomm_train.backend.torch.operations import TorchTrainingOperations
from fomm_train.backend.torch.parameters import ParameterStore

logger = logging.getLogger(__name__)

_HALVES = {"half": torch.float16, "bfloat16": torch.bfloat16}
_DEVICES = {"cpu": "cpu", "cudnn": "cuda", "mps": "mps"}


@dataclass(frozen=True, eq=False)
class TorchPrecision(Precision):
    """The device and the number formats of one training.

    Attributes:
        device: where to compute.
        arithmetic: what was asked for.
    """

    device: torch.device
    arithmetic: Arithmetic = SINGLE_PRECISION

    @property
    def is_mixed(self) -> bool:
        return self.arithmetic.type_config == "half"

    @contextmanager
    def everything(self) -> Iterator[None]:
        with torch.autocast(self.device.type, enabled=False):
            yield

    @contextmanager
    def images(self) -> Iterator[None]:
        half = _HALVES.get(self.arithmetic.type_config)
        with torch.autocast(self.device.type, dtype=half, enabled=half is not None):
            yield

    def make_operations(self, communicator: Communicator) -> TorchTrainingOperations:
        store = ParameterStore(self.device)
        return TorchTrainingOperations(
            store,
            synchronised(communicator),
            self.arithmetic.channel_last,
            self.arithmetic.compiled,
        )


def choose_context(name: str) -> str:
    """Turn ``"auto"`` into ``"cudnn"`` where this rank's GPU passes its trial, else ``"cpu"``.

    Raises:
        EngineError: the GPU that is wanted fails its trial.
    """
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return "cpu"
    wanted = "cudnn" if name == "auto" else name
    device = find_device(wanted, local_rank(os.environ))
    failures = [trial.reason for trial in try_devices("torch", str(device)) if not trial.usable]
    if not failures:
        return wanted
    if name == "auto":
        logger.warning("training on the CPU; PyTorch fails on %s: %s", device, failures[0])
        return "cpu"
    raise EngineError(
        f"--context {name}: expected a GPU that computes as the CPU does, found PyTorch failing on "
        f"{device} ({failures[0]}); see `fomm doctor`, or use --context cpu"
    )


def find_device(context: str, local_rank: int) -> torch.device:
    """The device of a context for one of the ranks of this machine, each of which has its own."""
    count = max(1, torch.cuda.device_count())
    return torch.device(_DEVICES[context], local_rank % count if context == "cudnn" else None)


def make_precision(
    context: str, local_rank: int, arithmetic: Arithmetic = SINGLE_PRECISION
) -> TorchPrecision:
    """Choose the device of this process; without a compiler nothing is compiled, which is told.

    Args:
        context: ``"cpu"``, ``"cudnn"`` (NVIDIA) or ``"mps"`` (Apple).
        local_rank: number of the GPU to use.
        arithmetic: precision and layout.

    Raises:
        ConfigError: the device does not know this precision.
        EngineError: PyTorch does not see the device.
    """
    if context == "cpu" and arithmetic.type_config in ("half", "tf32"):
        raise ConfigError(
            f"--type-config {arithmetic.type_config}: expected --context cudnn (a GPU), found cpu"
        )
    if context == "cudnn" and not torch.cuda.is_available():
        raise EngineError(
            "--context cudnn: expected a GPU that PyTorch can use, found none; use --context cpu"
        )
    if context == "mps" and not torch.backends.mps.is_available():
        raise EngineError(
            "--context mps: expected an Apple GPU that PyTorch can use, found none; use "
            "--context cpu"
        )
    # Convolutions only: jacobians and grids are matrix products, which stay exact.
    torch.backends.cudnn.allow_tf32 = arithmetic.type_config == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = False
    device = find_device(context, local_rank)
    failure = find_compiler_failure(device) if arithmetic.compiled else ""
    if failure:
        logger.warning("--compile: training without, as PyTorch cannot compile here: %s", failure)
        arithmetic = replace(arithmetic, compiled=False)
    return TorchPrecision(device, arithmetic)
