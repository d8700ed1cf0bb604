"""The choice of batch normalisation that suits the ranks."""

from __future__ import annotations

import nnabla as nn
import nnabla.parametric_functions as PF

from fomm_core.distributed import Communicator
from fomm_core.network.nnabla_operations import Normalize, batch_statistics
from fomm_train.backend.nnabla.communicator import NNablaCommunicator
from fomm_train.kernels.batch_normalization import DECAY_RATE, EPSILON, normalize_over_ranks


def synchronised(communicator: Communicator) -> Normalize:
    """Batch normalisation for training on these ranks.

    Parameters and running statistics have the names and shapes of
    :func:`fomm_core.network.nnabla_operations.batch_statistics`, which this is for a single rank.
    """
    if communicator.size == 1:
        return batch_statistics
    if isinstance(communicator, NNablaCommunicator):
        inner = communicator.inner

        def on_gpus(x: nn.Variable) -> nn.Variable:
            return PF.sync_batch_normalization(
                x, inner, decay_rate=DECAY_RATE, eps=EPSILON, batch_stat=True
            )

        return on_gpus

    def on_cpus(x: nn.Variable) -> nn.Variable:
        return normalize_over_ranks(x, communicator)

    return on_cpus
