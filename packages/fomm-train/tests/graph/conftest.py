"""A small configuration, its graph, and random batches."""

import numpy as np
import pytest

from fomm_train.config import parse_train_config
from fomm_train.data.batch import Batch, Truth

SIZE = 32


def make_settings(weights, **train):
    hourglass = {"block_expansion": 4, "max_features": 8, "num_blocks": 2, "scale_factor": 0.5}
    return {
        "dataset_params": {"frame_shape": [SIZE, SIZE, 3]},
        "model_params": {
            "common_params": {"num_kp": 3},
            "kp_detector_params": dict(hourglass),
            "generator_params": {
                "block_expansion": 4,
                "max_features": 8,
                "num_down_blocks": 1,
                "num_bottleneck_blocks": 1,
                "estimate_occlusion_map": True,
                "dense_motion_params": dict(hourglass),
            },
            "discriminator_params": {
                "scales": [1, 0.5],
                "block_expansion": 4,
                "max_features": 8,
                "num_blocks": 2,
                "sn": True,
                "use_kp": True,
            },
        },
        "train_params": {"batch_size": 2, "scales": [1, 0.25], "loss_weights": weights, **train},
    }


def build_from(weights, normalize=None, precision=None, **train):
    from fomm_core.network.nnabla_operations import batch_statistics
    from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
    from fomm_train.backend.nnabla.precision import make_precision
    from fomm_train.graph.training_graph import build_graph

    config = parse_train_config(make_settings(weights, **train))
    precision = precision or make_precision("cpu", 0)
    ops = NNablaTrainingOperations(normalize or batch_statistics, precision.kernels)
    return build_graph(config, ops, None, precision)


def draw_batch(with_truth=False, seed=0):
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return rng.random((2, *shape), dtype=np.float32)

    truth = None
    if with_truth:
        jacobians = np.tile(np.eye(2, dtype=np.float32), (2, 3, 1, 1))
        keypoints = draw(3, 2), jacobians * 1.1, draw(3, 2), jacobians * 0.9
        truth = Truth(*keypoints, draw(1, SIZE, SIZE), draw(1, SIZE, SIZE))
    return Batch(*(draw(3, SIZE, SIZE) for _ in range(3)), truth=truth, sample_ids=np.array([4, 9]))


@pytest.fixture
def settings():
    return make_settings


@pytest.fixture
def build():
    return build_from


@pytest.fixture
def make_batch():
    return draw_batch
