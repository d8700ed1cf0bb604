"""Ranks that talk through torch.distributed: gloo on CPUs, NCCL between GPUs."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from fomm_core.distributed.communicator import DoubleArray, SingleArray
from fomm_core.errors import DistributedError
from fomm_train.backend.torch.communicator import TensorCommunicator
from fomm_train.backend.torch.rendezvous import Rendezvous

T = TypeVar("T")


class TorchCommunicator(TensorCommunicator):
    """Processes that have joined torch.distributed's default group.

    Tensors are exchanged where they are, on the CPU or on GPUs.

    Args:
        local: number of this process among those of its machine.
        end_all: ends the processes of all ranks with an exit code.
    """

    def __init__(self, local: int, end_all: Callable[[int], None]) -> None:
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()
        self.local_rank = local
        self._end_all = end_all

    # ----- tensors

    def add(self, tensor: torch.Tensor) -> None:
        with _as_distributed_error():
            dist.all_reduce(tensor)

    def collect(self, tensor: torch.Tensor) -> torch.Tensor:
        found = [torch.empty_like(tensor) for _ in range(self.size)]
        with _as_distributed_error():
            dist.all_gather(found, tensor)
        return torch.stack(found)

    def send_from_main(self, tensor: torch.Tensor) -> None:
        with _as_distributed_error():
            dist.broadcast(tensor, src=0)

    # ----- values in the memory of the host

    def gather(self, value: T) -> list[T]:
        found: list[Any] = [None] * self.size
        with _as_distributed_error():
            dist.all_gather_object(found, value)
        return found

    def broadcast(self, arrays: Sequence[SingleArray]) -> None:
        self.copy_from_main([torch.from_numpy(array) for array in arrays])

    def all_reduce_mean(self, arrays: Sequence[SingleArray]) -> None:
        self.average([torch.from_numpy(array) for array in arrays])

    def all_reduce_sum(self, array: DoubleArray) -> None:
        self.add(torch.from_numpy(array))

    def barrier(self) -> None:
        self.add(torch.zeros(1))

    def abort(self, code: int) -> None:
        self._end_all(code)


def join_group(place: Rendezvous) -> TorchCommunicator:
    """Join the other ranks where they meet.

    Raises:
        DistributedError: they do not find one another.
    """
    if torch.cuda.is_available():
        torch.cuda.set_device(place.local_rank % torch.cuda.device_count())
    with _as_distributed_error():
        dist.init_process_group(
            group_backends(),
            init_method=place.address,
            store=place.store,
            rank=place.rank,
            world_size=place.size,
        )
    atexit.register(dist.destroy_process_group)
    return TorchCommunicator(place.local_rank, place.end_all)


def group_backends() -> str:
    """The backends of torch.distributed: NCCL only beside a GPU, without which it refuses."""
    has_nccl = torch.cuda.is_available() and dist.is_nccl_available()
    return "cpu:gloo,cuda:nccl" if has_nccl else "gloo"


@contextmanager
def _as_distributed_error() -> Iterator[None]:
    """Tell a connection that breaks, as when another rank ends.

    Raises:
        DistributedError: in place of torch.distributed's own exceptions.
    """
    try:
        yield
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise DistributedError(
            "several processes: expected all ranks to go on, found no way to talk to one; see "
            f"what that one has said ({reason})"
        ) from error
