from dataclasses import replace

import nnabla as nn
import pytest

from fomm_core.network.nnabla_operations import NNABLA_KERNELS, NNablaOperations
from fomm_train.kernels.channel_last import channel_last_convolution


def test_convolutions_are_channel_last_and_parameters_are_not():
    kernels = replace(NNABLA_KERNELS, convolution=channel_last_convolution)
    ops = NNablaOperations(kernels=kernels)
    y = ops.convolution(nn.Variable((2, 3, 8, 6)), 5, 3, 1)
    assert y.shape == (2, 5, 8, 6)
    assert ops.parameters()["conv/W"].shape == (5, 3, 3, 3)
    convolution = y.parent.inputs[0].parent
    assert convolution.info.type_name == "Convolution"
    assert convolution.info.args["channel_last"] is True
    assert convolution.inputs[0].shape == (2, 8, 6, 3)
    # NNabla's CPU kernel cannot run it, which is why the command refuses it there.
    with pytest.raises(RuntimeError, match="not supported in CPU"):
        y.forward()
