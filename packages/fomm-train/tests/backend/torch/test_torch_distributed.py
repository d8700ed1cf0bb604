"""Ranks on torch.distributed; that they find one another is tested in tests/run."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from fomm_core.errors import DistributedError
from fomm_train.backend.torch import torch_distributed as module
from fomm_train.backend.torch.torch_distributed import TorchCommunicator, group_backends


def test_a_rank_that_is_gone_is_told(monkeypatch):
    def broken(*_):
        raise RuntimeError("[pair.cc:553] Connection closed by peer\n[127.0.0.1]:26538")

    monkeypatch.setattr(module.dist, "get_rank", lambda: 0)
    monkeypatch.setattr(module.dist, "get_world_size", lambda: 2)
    monkeypatch.setattr(module.dist, "all_gather_object", broken)
    ranks = TorchCommunicator(0, lambda code: None)
    with pytest.raises(
        DistributedError, match=r"expected all ranks .* closed by peer \[127"
    ) as told:
        ranks.gather(1)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("gpu", "nccl", "expected"),
    [
        (True, True, "cpu:gloo,cuda:nccl"),
        (False, True, "gloo"),  # the build that pip installs, on a machine without a GPU
        (True, False, "gloo"),
    ],
)
def test_nccl_is_asked_for_beside_a_gpu_only(monkeypatch, gpu, nccl, expected):
    monkeypatch.setattr(module.torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(module.dist, "is_nccl_available", lambda: nccl)
    assert group_backends() == expected
