"""The precision in which a training computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

from fomm_core.distributed import Communicator
from fomm_train.backend.base import TrainingOperations

BackendName = Literal["nnabla", "torch"]
TypeConfig = Literal["float", "half", "bfloat16", "tf32"]

FIRST_SCALE = 128.0
_CLEAN_STEPS = 1000
_LARGEST_SCALE = 65536.0


@dataclass(frozen=True)
class Arithmetic:
    """Precision and layout of a training, on whatever device, from its beginning to its end.

    Attributes:
        type_config: ``"half"`` or ``"bfloat16"`` for mixed precision; with ``"tf32"`` the
            factors of convolutions have 10 bits.
        channel_last: whether convolutions are channel-last.
        backend: what computes.
        compiled: whether the backend compiles networks and losses before the first step.
    """

    type_config: TypeConfig = "float"
    channel_last: bool = False
    backend: BackendName = "nnabla"
    compiled: bool = False


SINGLE_PRECISION = Arithmetic()
"""Arithmetic that every device knows."""


class Precision(ABC):
    """The device and precision of one training, and the operations that compute so.

    In half precision only what works on images does (encoder, decoder, VGG19, discriminator);
    keypoints, motion, solvers and the parameters themselves stay in single precision.

    Attributes:
        arithmetic: what was asked for.
    """

    arithmetic: Arithmetic

    @property
    @abstractmethod
    def is_mixed(self) -> bool:
        """Whether a part computes in half precision, whose gradients need a scaled loss."""

    @abstractmethod
    def everything(self) -> AbstractContextManager[None]:
        """Build networks, losses and solvers in single precision in the block."""

    @abstractmethod
    def images(self) -> AbstractContextManager[None]:
        """Build a part that works on images in the block."""

    @abstractmethod
    def make_operations(self, communicator: Communicator) -> TrainingOperations:
        """Make operations without parameters, whose batch statistics are those of all ranks."""


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
