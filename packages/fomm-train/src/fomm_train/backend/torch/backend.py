"""PyTorch as the backend of a training."""

from __future__ import annotations

import os

import torch

from fomm_core.distributed import Communicator, join_ranks
from fomm_core.distributed.launcher import local_size
from fomm_core.utils.machine import usable_cores
from fomm_train.backend.backend import Backend
from fomm_train.backend.precision import Arithmetic
from fomm_train.backend.torch.precision import TorchPrecision, choose_context, make_precision


class TorchBackend(Backend):
    """The backend of current GPUs, and of Pythons for which NNabla has no wheels."""

    def choose_context(self, wanted: str) -> str:
        return choose_context(wanted)

    def join_ranks(self, context: str) -> Communicator:
        return join_ranks()

    def make_precision(
        self, context: str, communicator: Communicator, arithmetic: Arithmetic
    ) -> TorchPrecision:
        ranks = local_size(os.environ, communicator.size)
        torch.set_num_threads(max(1, usable_cores() // ranks))
        return make_precision(context, communicator.local_rank, arithmetic)
