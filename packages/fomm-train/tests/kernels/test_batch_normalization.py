import nnabla as nn
import nnabla.functions as F
import numpy as np
import pytest

from fomm_core.distributed import SingleProcess
from fomm_core.network.nnabla_operations import batch_statistics
from fomm_train.kernels.batch_normalization import normalize_over_ranks


def run(normalize, x_value, weight):
    """Normalise twice with one set of parameters; value, gradients and running statistics."""
    scope = {}
    x = nn.Variable.from_numpy_array(x_value, need_grad=True)
    with nn.parameter_scope("", scope):
        first = normalize(x)
        y = normalize(F.tanh(first) * 3 + 1)
        parameters = nn.get_parameters(grad_only=False)
    parameters["bn/gamma"].d = np.linspace(0.5, 2, x.shape[1]).reshape(1, -1, 1, 1)
    parameters["bn/beta"].d = np.linspace(-1, 1, x.shape[1]).reshape(1, -1, 1, 1)
    loss = F.sum(y * nn.Variable.from_numpy_array(weight)) + F.sum(F.abs(x)) * 0.1
    loss.forward(clear_no_need_grad=True)
    for parameter in parameters.values():
        parameter.grad.zero()
    x.grad.zero()
    loss.backward(clear_buffer=True)
    found = {"loss": loss.d.copy(), "dx": x.g.copy()}
    for name, parameter in parameters.items():
        found[name] = parameter.d.copy()
        if parameter.need_grad:
            found[f"d {name}"] = parameter.g.copy()
    return found


@pytest.mark.parametrize("shape", [(4, 3, 8, 6), (1, 5, 2, 2), (2, 1, 1, 1)])
def test_one_rank_over_ranks_equals_nnabla(shape):
    rng = np.random.default_rng(0)
    x = (rng.normal(size=shape) * 3 + 20).astype(np.float32)
    weight = rng.normal(size=shape).astype(np.float32)
    expected = run(batch_statistics, x, weight)
    found = run(lambda v: normalize_over_ranks(v, SingleProcess()), x, weight)
    assert list(found) == list(expected)
    for name, value in expected.items():
        scale = max(1.0, float(np.abs(value).max()))
        np.testing.assert_allclose(found[name], value, atol=2e-4 * scale, err_msg=name)
