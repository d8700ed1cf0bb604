"""Ranks that exchange tensors, whatever library carries them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch

from fomm_core.distributed import Communicator


class TensorCommunicator(Communicator):
    """A communicator that takes tensors too, where they are: on the CPU or on a GPU.

    The rules of :class:`~fomm_core.distributed.Communicator` hold: all ranks call in the same
    order.
    """

    @abstractmethod
    def add(self, tensor: torch.Tensor) -> None:
        """Replace a contiguous tensor, of the same shape on all ranks, by its sum."""

    @abstractmethod
    def collect(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensors of all ranks, contiguous, of the same shape, along a new first axis."""

    @abstractmethod
    def send_from_main(self, tensor: torch.Tensor) -> None:
        """Replace a contiguous tensor, of the same shape on all ranks, by that of rank 0."""

    def average(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace tensors of one type, of the same shapes on all ranks, by their means."""
        packed = _pack(tensors)
        self.add(packed)
        packed /= self.size
        _unpack(packed, tensors)

    def copy_from_main(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace tensors of one type, of the same shapes on all ranks, by those of rank 0."""
        packed = _pack(tensors)
        self.send_from_main(packed)
        _unpack(packed, tensors)


def _pack(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """Copy tensors into one, so that they travel as one message."""
    with torch.no_grad():
        return torch.cat([tensor.reshape(-1) for tensor in tensors])


def _unpack(packed: torch.Tensor, tensors: Sequence[torch.Tensor]) -> None:
    parts = packed.split([tensor.numel() for tensor in tensors])
    with torch.no_grad():
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))
