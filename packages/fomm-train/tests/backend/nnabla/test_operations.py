import nnabla as nn
import nnabla.functions as F
import numpy as np

from fomm_core.network.nnabla_operations import NNABLA_KERNELS, Kernels
from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
from fomm_train.kernels.blas_convolution import BlasConvolution
from fomm_train.kernels.gathered_warping import warp_by_gathering


def build(ops):
    """A convolution, one with given weights and a warping, by what computes them."""
    image = nn.Variable((1, 2, 5, 5))
    convolved = ops.convolution(image, 3, 3)
    fixed = ops.fixed_convolution(image, nn.Variable((3, 2, 3, 3)), nn.Variable((3,)), pad=0)
    warped = ops.grid_sample(image, nn.Variable((1, 4, 6, 2)), align_corners=True)
    assert (convolved.shape, fixed.shape, warped.shape) == (
        (1, 3, 3, 3),
        (1, 3, 3, 3),
        (1, 2, 4, 6),
    )
    return [variable.parent.info.type_name for variable in (convolved, fixed, warped)]


def test_the_given_kernels_compute_and_nnabla_stays_as_it_is():
    own = ["Convolution", "Convolution", "WarpByGrid"]
    kernels = Kernels(BlasConvolution(), warp_by_gathering)
    assert not set(build(NNablaTrainingOperations(kernels=kernels))) & set(own)
    assert build(NNablaTrainingOperations()) == own
    assert Kernels(F.convolution, F.warp_by_grid) == NNABLA_KERNELS


def test_parameters_are_named_by_scopes_and_shared_by_name():
    ops = NNablaTrainingOperations()
    x = nn.Variable((1, 2, 5, 5))
    block = ops.scope("generator").scope("block_0")
    block.convolution(x, 3, 1)
    ops.scope("generator/block_0").convolution(x, 3, 1)
    ops.scope("head").instance_normalization(x)
    assert list(ops.parameters()) == [
        "generator/block_0/conv/W",
        "generator/block_0/conv/b",
        "head/instance_normalization/beta",
        "head/instance_normalization/gamma",
    ]
    assert list(block.parameters()) == ["conv/W", "conv/b"]
    assert not nn.get_parameters()


def test_parameters_that_are_not_trained_get_no_gradient_and_stay_trainable():
    ops = NNablaTrainingOperations()
    x = nn.Variable.from_numpy_array(np.ones((1, 2, 4, 4), np.float32), need_grad=True)
    x.grad.zero()
    y = F.sum(ops.without_training().convolution(x, 3, 3))
    for parameter in ops.parameters().values():
        parameter.grad.zero()
    y.forward()
    y.backward()
    assert np.abs(x.g).max() > 0
    assert all(p.need_grad and not p.g.any() for p in ops.parameters().values())


def test_gradients_stop_where_asked():
    ops = NNablaTrainingOperations()
    x = nn.Variable.from_numpy_array(np.array([2.0, -3.0], np.float32), need_grad=True)
    x.grad.zero()
    y = F.sum(x * ops.stop_gradient(x) + ops.sign(x) * 5)
    y.forward()
    y.backward()
    np.testing.assert_array_equal(x.g, [2, -3])
