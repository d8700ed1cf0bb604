from fomm_core.distributed import SingleProcess
from fomm_core.network.nnabla_operations import batch_statistics
from fomm_train.backend.nnabla.normalization import synchronised


def test_a_single_rank_uses_nnablas_own():
    assert synchronised(SingleProcess()) is batch_statistics
