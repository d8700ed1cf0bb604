import nnabla as nn
import numpy as np

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
    source, reference, driving = (draw(random) for _ in range(3))
    moved = transfer_motion(ops, variables(*source), variables(*reference), variables(*driving))
    nn.forward_all([moved.value, moved.jacobian])
    transfer = MotionTransfer(*(Keypoints(v[0], j[0]) for v, j in (source, reference)), "relative")
    expected = transfer(Keypoints(driving[0][0], driving[1][0]))
    np.testing.assert_allclose(moved.value.d[0], expected.value, atol=1e-6)
    np.testing.assert_allclose(moved.jacobian.d[0], expected.jacobian, atol=1e-4)


def test_jacobians_of_nearly_singular_references_are_bounded(ops):
    random = np.random.default_rng(1)
    source, reference, driving = (draw(random) for _ in range(3))
    reference[1][:] = [[1, 0], [0, 1e-6]]
    moved = transfer_motion(ops, variables(*source), variables(*reference), variables(*driving))
    moved.jacobian.forward()
    assert np.abs(moved.jacobian.d).max() <= 8.001


def test_keypoints_may_have_no_jacobians(ops):
    random = np.random.default_rng(2)
    found = [variables(draw(random)[0], None) for _ in range(3)]
    assert transfer_motion(ops, *found).jacobian is None
