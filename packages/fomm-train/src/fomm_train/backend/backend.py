"""The interface of what computes a training."""

from __future__ import annotations

from abc import ABC, abstractmethod

from fomm_core.distributed import Communicator
from fomm_train.backend.precision import Arithmetic, Precision


class Backend(ABC):
    """Something that computes networks, losses and their gradients."""

    @abstractmethod
    def choose_context(self, wanted: str) -> str:
        """Turn ``"auto"`` into ``"cudnn"`` where a GPU is usable, else into ``"cpu"``.

        Raises:
            EngineError: the GPU that is wanted is not usable.
        """

    @abstractmethod
    def join_ranks(self, context: str) -> Communicator:
        """Join the other ranks, if a launcher started several.

        Args:
            context: where they compute.

        Raises:
            DistributedError: what they talk through is not installed or does not see the others.
        """

    @abstractmethod
    def make_precision(
        self, context: str, communicator: Communicator, arithmetic: Arithmetic
    ) -> Precision:
        """Open the device of this process.

        Args:
            context: ``"cpu"``, ``"cudnn"`` or ``"mps"``.
            communicator: the ranks.
            arithmetic: precision and layout.

        Raises:
            ConfigError: the device does not know this arithmetic.
            EngineError: the device is not there.
        """
