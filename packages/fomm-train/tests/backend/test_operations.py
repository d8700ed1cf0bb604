"""Promises of the operations on which both backends must agree."""

import numpy as np
import pytest

AROUND_0 = np.array([-2, -0.0, 0, 3], np.float32)


def test_the_derivative_of_abs_is_0_at_0_with_nnabla(ops, evaluate):
    value, (found,) = evaluate(lambda x: ops.sum(ops.abs(x), axis=0), AROUND_0)
    assert value == 5
    assert found.tolist() == [-1, 0, 0, 1]


def test_the_derivative_of_abs_is_0_at_0_with_pytorch():
    torch = pytest.importorskip("torch")
    from fomm_train.backend.torch.operations import TorchTrainingOperations
    from fomm_train.backend.torch.parameters import ParameterStore

    ops = TorchTrainingOperations(ParameterStore(torch.device("cpu")))
    x = torch.tensor(AROUND_0, requires_grad=True)
    ops.sum(ops.abs(x), axis=0).backward()
    assert x.grad.tolist() == [-1, 0, 0, 1]
