from __future__ import annotations

import nnabla as nn
import numpy as np

from fomm_train.losses.weighting import total


def constant(array):
    return nn.Variable.from_numpy_array(np.asarray(array, dtype=np.float32))


def value_of(loss):
    loss.forward()
    return float(loss.d)


def test_total_adds_the_losses_that_are_on():
    assert value_of(total([None, constant(2), constant(3), None])) == 5
    assert total([None, None]) is None
