"""The smallest honest run: avatars at 64x64 on two ranks, judged on avatars never seen."""

import numpy as np
import pytest

from fomm_core.loading import load_model
from fomm_train.config import parse_train_config
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.pairs import SyntheticPairs

HELD_OUT = 24
# The prediction's mean absolute error must be below this share of that of copying the source.
MARGIN = 0.9


@pytest.fixture
def avatars(tmp_path):
    """208 steps of 4 samples."""
    hourglass = {"block_expansion": 8, "max_features": 32, "num_blocks": 3, "scale_factor": 0.5}
    return {
        "dataset_params": {
            "frame_shape": [64, 64, 3],
            "avatars": {"identities": 64, "group": 8, "motions": 16, "frames": 64},
        },
        "model_params": {
            "kp_detector_params": dict(hourglass),
            "generator_params": {
                "block_expansion": 8,
                "max_features": 32,
                "num_down_blocks": 2,
                "num_bottleneck_blocks": 1,
                "estimate_occlusion_map": True,
                "skip": True,
                "dense_motion_params": dict(hourglass),
            },
        },
        "train_params": {
            "num_epochs": 1,
            "num_repeats": 13,
            "batch_size": 2,
            "lr_generator": 1e-3,
            "lr_kp_detector": 1e-3,
            "scales": [1, 0.5, 0.25],
            "true_keypoints_until": 0.4,
            "decay_from": 0.6,
            "decay_to": 0.1,
            "loss_weights": {
                "reconstruction": 10,
                "gradient": 5,
                "warped_source": 10,
                "keypoint_supervision": 10,
                "jacobian_supervision": 5,
            },
        },
        "monitor_params": {"monitor_path": str(tmp_path), "monitor_freq": 13},
    }


def errors(log, config):
    """Mean absolute errors of prediction and of copying the source, on unseen avatars."""
    pairs = SyntheticPairs.from_config(config, Split.TEST)
    predicted, copied = [], []
    with load_model(config=log / "training_info.yaml", engine="nnabla") as model:
        for index in range(HELD_OUT):
            pair = pairs.pair(0, index)
            keypoints = [model.engine.detect(frame) for frame in (pair.source, pair.driving)]
            features = model.engine.encode(pair.source)
            found = model.engine.render(features, *keypoints).prediction
            predicted.append(np.abs(found - pair.driving).mean())
            copied.append(np.abs(pair.source - pair.driving).mean())
    return float(np.mean(predicted)), float(np.mean(copied))


@pytest.mark.mpi
def test_two_ranks_learn_to_animate_unseen_avatars(
    needs_nnabla, avatars, write_config, tmp_path, succeed
):
    log = tmp_path / "log"
    config = write_config(avatars)
    succeed("train", "--config", config, "--out", log, ranks=2, timeout=500)
    series = np.loadtxt(log / "reconstruction.series.txt")
    assert series[-1, 1] < 0.7 * series[0, 1]
    predicted, copied = errors(log, parse_train_config(avatars))
    assert predicted < MARGIN * copied
