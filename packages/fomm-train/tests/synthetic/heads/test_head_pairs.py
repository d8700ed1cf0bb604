from __future__ import annotations

import pickle
import shutil

import numpy as np
import pytest

from fomm_train.config import HeadParams, TrainConfig
from fomm_train.data.workers.loader import BatchLoader
from fomm_train.synthetic.heads.world import RenderedWorld
from fomm_train.synthetic.pairs import SyntheticPairs

SIZE = 32
PARAMS = HeadParams(identities=4, group=2, motions=2, frames=8, seed=1)


@pytest.fixture
def kept_assets(assets_file, egl, tmp_path, monkeypatch) -> None:
    """The small head where ``fomm heads --build`` keeps the real one."""
    shutil.copy(assets_file, tmp_path / "heads.npz")
    monkeypatch.setenv("FOMM_CACHE", str(tmp_path))


@pytest.mark.once
def test_samples_come_with_their_truth(kept_assets):
    pairs = SyntheticPairs(RenderedWorld(SIZE), PARAMS, cross_identity=1.0, seed=3)
    pair, plan = pairs.pair(0, 1), pairs.plan(0, 1)
    assert plan.source != plan.driving
    assert pair.source.shape == pair.driving.shape == pair.target.shape == (3, SIZE, SIZE)
    truth = pair.truth
    assert truth.source_value.shape == truth.target_value.shape == (20, 2)
    assert truth.driving_jacobian.shape == (20, 2, 2)
    assert truth.labels.shape == (SIZE, SIZE)
    # The driving frame shows somebody else, whose keypoints are others.
    assert np.abs(truth.driving_value - truth.target_value).max() > 1e-3


@pytest.mark.once
def test_workers_render_the_same_batches_ahead(kept_assets):
    pairs = SyntheticPairs(RenderedWorld(SIZE), PARAMS, seed=3)
    copied = pickle.loads(pickle.dumps(pairs))
    with BatchLoader(copied, 1, workers=1) as ahead, BatchLoader(pairs, 1, workers=0) as here:
        first, second = (next(loader.epoch(0)) for loader in (ahead, here))
    np.testing.assert_array_equal(first.source, second.source)
    np.testing.assert_array_equal(first.truth.labels, second.truth.labels)


def test_a_configuration_is_honoured():
    dataset = {"frame_shape": [SIZE, SIZE, 3], "heads": PARAMS.model_dump()}
    model = {**MODEL, "common_params": {"num_kp": 20}}
    config = TrainConfig.model_validate({"dataset_params": dataset, "model_params": model})
    pairs = SyntheticPairs.from_config(config)
    assert len(pairs) == 4
    assert pairs.knows_truth


def test_avatars_and_heads_exclude_each_other():
    both = {"avatars": {}, "heads": {}}
    with pytest.raises(ValueError, match="expected none beside avatars"):
        TrainConfig.model_validate({"dataset_params": both, "model_params": MODEL})


MODEL = {
    "kp_detector_params": {"block_expansion": 4, "max_features": 8, "num_blocks": 1},
    "generator_params": {
        "block_expansion": 4,
        "max_features": 8,
        "dense_motion_params": {"block_expansion": 4, "max_features": 8, "num_blocks": 1},
    },
}
