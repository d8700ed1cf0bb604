"""PyTorch as the backend of a training."""

from __future__ import annotations

import os

import torch

from fomm_core.distributed import Communicator
from fomm_core.distributed.launcher import local_size
from fomm_core.errors import DistributedError
from fomm_core.utils.machine import usable_cores
from fomm_train.backend.backend import Backend
from fomm_train.backend.precision import Arithmetic
from fomm_train.backend.torch.precision import TorchPrecision, choose_context, make_precision
from fomm_train.backend.torch.ranks import join_torch_ranks


class TorchBackend(Backend):
    """The backend of current GPUs, and of Pythons for which NNabla has no wheels."""

    def choose_context(self, wanted: str) -> str:
        return choose_context(wanted)

    def join_ranks(self, context: str) -> Communicator:
        return join_torch_ranks(context)

    def make_precision(
        self, context: str, communicator: Communicator, arithmetic: Arithmetic
    ) -> TorchPrecision:
        _check_contexts(communicator, context)
        if communicator.size > 1 and arithmetic.compiled:
            raise DistributedError("--compile: expected one process, found several")
        if "OMP_NUM_THREADS" not in os.environ:
            ranks = local_size(os.environ, communicator.size)
            torch.set_num_threads(max(1, usable_cores() // ranks))
        return make_precision(context, communicator.local_rank, arithmetic)


def _check_contexts(communicator: Communicator, context: str) -> None:
    """Refuse ranks on different kinds of devices, which would wait for one another for ever."""
    found = sorted(set(communicator.gather(context)))
    if len(found) > 1:
        raise DistributedError(
            f"several processes: expected the same device on all, found {' and '.join(found)}; "
            "choose with --context, and see `fomm doctor` on each machine"
        )
    if communicator.size > 1 and context == "mps":
        raise DistributedError("--context mps: expected one process, found several")
