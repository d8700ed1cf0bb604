"""NNabla as the backend of a training."""

from __future__ import annotations

from fomm_core.distributed import Communicator
from fomm_train.backend.backend import Backend
from fomm_train.backend.nnabla.communicator import join_training_ranks
from fomm_train.backend.nnabla.precision import NNablaPrecision, choose_context, make_precision
from fomm_train.backend.precision import Arithmetic


class NNablaBackend(Backend):
    """The reference: it builds its graph once and runs it for every step."""

    def choose_context(self, wanted: str) -> str:
        return choose_context(wanted)

    def join_ranks(self, context: str) -> Communicator:
        return join_training_ranks(context)

    def make_precision(
        self, context: str, communicator: Communicator, arithmetic: Arithmetic
    ) -> NNablaPrecision:
        return make_precision(context, communicator.local_rank, arithmetic)
