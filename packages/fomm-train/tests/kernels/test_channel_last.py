from dataclasses import replace

import nnabla as nn
import nnabla.parametric_functions as PF
import pytest

from fomm_train.kernels.channel_last import channel_last_convolution
from fomm_train.kernels.selection import computing_with, nnablas_own


def test_convolutions_are_channel_last_and_parameters_are_not():
    scope = {}
    kernels = replace(nnablas_own, convolution=channel_last_convolution)
    with computing_with(kernels), nn.parameter_scope("", scope):
        y = PF.convolution(nn.Variable((2, 3, 8, 6)), 5, (3, 1), pad=(1, 0))
        parameters = nn.get_parameters()
    assert y.shape == (2, 5, 8, 6)
    assert parameters["conv/W"].shape == (5, 3, 3, 1)
    convolution = y.parent.inputs[0].parent
    assert convolution.info.type_name == "Convolution"
    assert convolution.info.args["channel_last"] is True
    assert convolution.inputs[0].shape == (2, 8, 6, 3)
    # NNabla's CPU kernel cannot run it, which is why the command refuses it there.
    with pytest.raises(RuntimeError, match="not supported in CPU"):
        y.forward()
