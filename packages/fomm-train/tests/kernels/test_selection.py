import nnabla as nn
import nnabla.functions as F
import pytest

from fomm_train.kernels.blas_convolution import BlasConvolution
from fomm_train.kernels.gathered_warping import warp_by_gathering
from fomm_train.kernels.selection import Kernels, computing_with, nnablas_own


def build():
    """A convolution and a warping, by what computes them."""
    image = nn.Variable((1, 2, 5, 5))
    convolved = F.convolution(image, nn.Variable((3, 2, 3, 3)))
    warped = F.warp_by_grid(image, nn.Variable((1, 4, 6, 2)), align_corners=True)
    assert (convolved.shape, warped.shape) == ((1, 3, 3, 3), (1, 2, 4, 6))
    return [variable.parent.info.type_name for variable in (convolved, warped)]


def test_they_are_used_while_a_graph_is_built_and_no_longer():
    kernels = Kernels(BlasConvolution(), warp_by_gathering)
    own = ["Convolution", "WarpByGrid"]
    assert build() == own
    with computing_with(kernels):
        assert not set(build()) & set(own)
    assert build() == own
    with pytest.raises(ZeroDivisionError), computing_with(kernels):
        raise ZeroDivisionError
    assert nnablas_own == Kernels(F.convolution, F.warp_by_grid)
