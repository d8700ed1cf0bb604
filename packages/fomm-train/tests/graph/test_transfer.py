import nnabla as nn
import numpy as np
import pytest

from fomm_core.motion.keypoints import Keypoints
from fomm_core.motion.transfer import MotionTransfer
from fomm_core.network.keypoint_detector import KeypointVariables
from fomm_train.graph.transfer import transfer_motion


def draw(random):
    value = random.uniform(-1, 1, (1, 5, 2)).astype(np.float32)
    jacobian = np.eye(2) + random.normal(0, 0.3, (1, 5, 2, 2))
    return value, jacobian.astype(np.float32)


def variables(value, jacobian):
    jacobian = None if jacobian is None else nn.Variable.from_numpy_array(jacobian)
    return KeypointVariables(nn.Variable.from_numpy_array(value), jacobian)


def test_motion_is_that_of_animation(ops):
    random = np.random.default_rng(0)
    source, reference, driving, truth = (draw(random) for _ in range(4))
    moved = transfer_motion(ops, *(variables(*v) for v in (source, reference, driving, truth)))
    nn.forward_all([moved.value, moved.jacobian])
    transfer = MotionTransfer(*(Keypoints(v[0], j[0]) for v, j in (source, reference)), "relative")
    expected = transfer(Keypoints(driving[0][0], driving[1][0]))
    np.testing.assert_allclose(moved.value.d[0], expected.value, atol=1e-6)
    np.testing.assert_allclose(moved.jacobian.d[0], expected.jacobian, atol=1e-4)


@pytest.mark.parametrize("squeezed", [0.0, 1e-6, 5e-4])
@pytest.mark.parametrize("place", [1, 2])
def test_samples_with_a_singular_jacobian_get_the_truth(ops, place, squeezed):
    random = np.random.default_rng(1)
    found = [tuple(np.concatenate([a, a]) for a in draw(random)) for _ in range(4)]
    found[place][1][1, 2] = [[1, 0], [0, squeezed]]
    moved = transfer_motion(ops, *(variables(*v) for v in found))
    nn.forward_all([moved.value, moved.jacobian])
    truth = found[3]
    assert np.isfinite(moved.jacobian.d).all()
    np.testing.assert_array_equal(moved.value.d[1], truth[0][1])
    np.testing.assert_array_equal(moved.jacobian.d[1], truth[1][1])
    assert np.abs(moved.value.d[0] - truth[0][0]).max() > 0.01


def test_keypoints_may_have_no_jacobians(ops):
    random = np.random.default_rng(2)
    found = [variables(draw(random)[0], None) for _ in range(4)]
    assert transfer_motion(ops, *found).jacobian is None
