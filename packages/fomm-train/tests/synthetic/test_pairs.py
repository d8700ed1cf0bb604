from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from fomm_core.errors import ConfigError
from fomm_core.image import to_network
from fomm_core.motion.keypoints import Keypoints
from fomm_train.config import (
    AppearanceParams,
    AugmentationParams,
    AvatarParams,
    FlipParams,
    JitterParams,
    TrainConfig,
)
from fomm_train.data.batch import Pair
from fomm_train.synthetic.drawn.ground_truth import MIRRORED, keypoint_arrays
from fomm_train.synthetic.drawn.regions import region_mask
from fomm_train.synthetic.drawn.renderer import Renderer
from fomm_train.synthetic.drawn.world import DrawnWorld
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.pairs import SyntheticPairs
from fomm_train.synthetic.samples import SampleContent
from fomm_train.synthetic.world import mirror_keypoints

PARAMS = AvatarParams(identities=12, group=4, motions=3, frames=16, seed=1)
SIZE = 32

MODEL = {
    "kp_detector_params": {"block_expansion": 4, "max_features": 8, "num_blocks": 1},
    "generator_params": {
        "block_expansion": 4,
        "max_features": 8,
        "dense_motion_params": {"block_expansion": 4, "max_features": 8, "num_blocks": 1},
    },
}


def make(cross=0.0, **kwargs) -> SyntheticPairs:
    return SyntheticPairs(DrawnWorld(SIZE), PARAMS, 2, cross, 7, **kwargs)


def arrays(pair: Pair) -> list[np.ndarray]:
    truth = pair.truth
    assert truth is not None
    known = (truth.source_value, truth.source_jacobian, truth.driving_value, truth.driving_jacobian)
    return [pair.source, pair.driving, pair.target, *known, truth.regions, truth.foreground]


def assert_equal(first: Pair, second: Pair) -> None:
    for a, b in zip(arrays(first), arrays(second), strict=True):
        np.testing.assert_array_equal(a, b)


def config_of(**dataset) -> TrainConfig:
    dataset = {"frame_shape": [SIZE, SIZE, 3], "avatars": PARAMS.model_dump(), **dataset}
    return TrainConfig.model_validate({"dataset_params": dataset, "model_params": MODEL})


def test_expressive_pairs_end_in_an_expression():
    params = PARAMS.model_copy(update={"frames": 64, "expressive": 1.0})
    pairs = SyntheticPairs(DrawnWorld(SIZE), params, 2, 0.0, 7)
    poses = [pairs.plan(0, index).driving_pose for index in range(len(pairs))]
    kinds = [(pose.shuts_eyes(), pose.opens_mouth()) for pose in poses]
    assert all(any(kind) for kind in kinds)
    shut, opened = np.mean(kinds, axis=0)
    assert shut > 0.25
    assert opened > 0.25


def test_an_epoch_visits_every_identity_as_often_as_asked():
    pairs = make()
    assert len(pairs) == 24
    plans = [pairs.plan(0, index) for index in range(24)]
    assert len({plan.source for plan in plans}) == 12


def test_samples_have_the_form_that_training_takes():
    pair = make(0.5).pair(0, 0)
    shapes = [array.shape for array in arrays(pair)]
    assert shapes[:3] == [(3, SIZE, SIZE)] * 3
    assert shapes[3:] == [(10, 2), (10, 2, 2), (10, 2), (10, 2, 2), *[(1, SIZE, SIZE)] * 2]
    assert all(array.dtype == np.float32 for array in arrays(pair))
    assert all(array.flags.c_contiguous for array in arrays(pair))
    assert 0.0 <= pair.source.min() < pair.source.max() <= 1.0


def test_a_sample_depends_on_nothing_but_its_number():
    first = make(0.5)
    for index in (3, 11, 5):
        first.pair(2, index)
    sent = pickle.loads(pickle.dumps(first))
    for epoch, index in ((0, 5), (1, 5), (2, 20)):
        assert_equal(first.pair(epoch, index), make(0.5).pair(epoch, index))
        assert_equal(first.pair(epoch, index), sent.pair(epoch, index))


def test_epochs_and_seeds_differ():
    here = make().pair(0, 0)
    for other in (
        make().pair(1, 0),
        SyntheticPairs(DrawnWorld(SIZE), PARAMS, 2, 0.0, 8).pair(0, 0),
    ):
        assert np.abs(here.driving - other.driving).max() > 0.1


def test_within_an_identity_the_target_is_the_driving_frame():
    pairs = make()
    for index in range(6):
        pair, plan = pairs.pair(0, index), pairs.plan(0, index)
        assert pair.target is pair.driving
        assert plan.source == plan.driving


def test_across_identities_the_target_is_the_source_rendered_in_the_driving_pose():
    pairs, renderer = make(1.0), Renderer(SIZE)
    for index in range(8):
        pair, plan = pairs.pair(0, index), pairs.plan(0, index)
        assert plan.source != plan.driving
        for frame, identity, pose in (
            (pair.source, plan.source, plan.source_pose),
            (pair.driving, plan.driving, plan.driving_pose),
            (pair.target, plan.source, plan.driving_pose),
        ):
            np.testing.assert_array_equal(frame, to_network(renderer.render(identity, pose)))


def test_driving_identities_are_of_the_same_group():
    pairs = make(1.0)
    groups = {}
    for index in range(12):
        groups[pairs.plan(0, index).source] = index // 4
    for index in range(24):
        plan = pairs.plan(1, index)
        assert groups[plan.driving] == groups[plan.source]


def test_the_share_across_identities_is_as_asked():
    pairs = SyntheticPairs(DrawnWorld(SIZE), PARAMS, 20, 0.3)
    plans = [pairs.plan(0, index) for index in range(len(pairs))]
    share = np.mean([plan.source != plan.driving for plan in plans])
    assert 0.2 < share < 0.4


def test_the_truth_is_that_of_the_poses():
    pairs = make(0.5)
    for index in range(6):
        pair, plan = pairs.pair(0, index), pairs.plan(0, index)
        expected = [
            *keypoint_arrays(plan.source_pose),
            *keypoint_arrays(plan.driving_pose),
            region_mask(plan.driving_pose, SIZE),
            Renderer(SIZE).figure_mask(plan.source, plan.driving_pose),
        ]
        for array, true in zip(arrays(pair)[3:], expected, strict=True):
            np.testing.assert_array_equal(array, true)


def test_a_mirrored_sample_has_a_mirrored_truth():
    flips = AugmentationParams(flip_param=FlipParams(horizontal_flip=True))
    plain, flipped = make(0.5), make(0.5, augmentation=flips)
    mirrored_samples = 0
    for index in range(12):
        before, after = plain.pair(0, index), flipped.pair(0, index)
        if np.array_equal(before.source, after.source):
            assert_equal(before, after)
            continue
        mirrored_samples += 1
        straight, turned = arrays(before), arrays(after)
        for place in (0, 1, 2, -2, -1):
            np.testing.assert_array_equal(straight[place][..., ::-1], turned[place])
        for start in (3, 5):
            expected = mirror_keypoints(Keypoints(*straight[start : start + 2]), MIRRORED)
            np.testing.assert_array_equal(expected.value, turned[start])
            np.testing.assert_array_equal(expected.jacobian, turned[start + 1])
    assert 2 <= mirrored_samples <= 10


def test_time_flips_exchange_the_poses():
    flips = AugmentationParams(flip_param=FlipParams(time_flip=True))
    plain, flipped = make(), make(augmentation=flips)
    exchanged = 0
    for index in range(12):
        before, after = plain.pair(0, index), flipped.pair(0, index)
        if np.array_equal(before.source, after.source):
            continue
        exchanged += 1
        np.testing.assert_array_equal(before.source, after.driving)
        np.testing.assert_array_equal(before.driving, after.source)
        np.testing.assert_array_equal(
            arrays(after)[-2], region_mask(plain.plan(0, index).source_pose, SIZE)
        )
    assert 2 <= exchanged <= 10


def test_colours_change_alike_in_all_frames():
    jitter = AugmentationParams(jitter_param=JitterParams(brightness=0.5))
    plain, changed = make(1.0).pair(0, 1), make(1.0, augmentation=jitter).pair(0, 1)
    ratios = []
    for before, after in zip(arrays(plain)[:3], arrays(changed)[:3], strict=True):
        inner = (before > 0.05) & (after < 0.99)
        ratios.append(np.median(after[inner] / before[inner]))
    assert abs(ratios[0] - 1.0) > 0.01
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-4)


def test_parts_show_different_avatars():
    train, test = make(), make(split=Split.TEST)
    here = {train.plan(0, index).source for index in range(12)}
    there = {test.plan(0, index).source for index in range(12)}
    assert len(here | there) == 24


def test_a_configuration_is_honoured():
    config = config_of(augmentation_params={"flip_param": {"horizontal_flip": True}})
    pairs = SyntheticPairs.from_config(config)
    assert len(pairs) == 12
    assert pairs.pair(0, 0).source.shape == (3, SIZE, SIZE)


def test_other_numbers_of_keypoints_have_no_truth():
    data = config_of().model_dump()
    data["model_params"]["common_params"]["num_kp"] = 5
    assert SyntheticPairs.from_config(TrainConfig.model_validate(data)).pair(0, 0).truth is None


def test_frames_must_be_square():
    with pytest.raises(ConfigError, match="square frames for avatars, found 32 x 64"):
        SyntheticPairs.from_config(config_of(frame_shape=[32, 64, 3]))


def test_a_configuration_without_people_is_refused():
    message = r"dataset_params: expected a section avatars or heads, found neither"
    with pytest.raises(ConfigError, match=message):
        SyntheticPairs.from_config(config_of(avatars=None))


@pytest.mark.parametrize("params", [{"group": 1}, {"identities": 1}])
def test_pairs_across_identities_need_groups(params):
    lonely = PARAMS.model_copy(update=params)
    with pytest.raises(ConfigError, match="groups of 2 or more"):
        SyntheticPairs(DrawnWorld(SIZE), lonely, cross_identity=0.5)


def test_nothing_is_written(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(0.5).pair(0, 0)
    assert list(tmp_path.iterdir()) == []


def test_the_reference_is_the_driving_identity_in_the_source_pose():
    pairs = make(1.0, content=SampleContent(reference=True))
    renderer = Renderer(SIZE)
    plan, pair = pairs.plan(0, 3), pairs.pair(0, 3)
    assert plan.driving != plan.source
    expected = to_network(renderer.render(plan.driving, plan.source_pose))
    np.testing.assert_array_equal(pair.reference, expected)
    np.testing.assert_array_equal(pair.truth.reference_value, pair.truth.source_value)
    assert_equal(pair, make(1.0).pair(0, 3))
    within = make(0.0, content=SampleContent(reference=True)).pair(0, 3)
    np.testing.assert_array_equal(within.reference, within.source)


def test_the_detector_s_frame_is_the_target_of_another_appearance():
    content = SampleContent(appearance=AppearanceParams(gamma=0.5, noise=0.1))
    flips = AugmentationParams(flip_param=FlipParams(horizontal_flip=True))
    pairs = make(1.0, content=content, augmentation=flips)
    for index in range(4):
        pair = pairs.pair(0, index)
        assert 0 < np.abs(pair.detector_frame - pair.target).mean() < 0.3
        np.testing.assert_array_equal(pair.truth.target_value, pair.truth.driving_value)
        np.testing.assert_array_equal(pair.truth.target_jacobian, pair.truth.driving_jacobian)
        assert_equal(pair, make(1.0, augmentation=flips).pair(0, index))


def test_samples_have_what_the_configuration_needs():
    data = config_of().model_dump()
    assert SyntheticPairs.from_config(TrainConfig.model_validate(data)).pair(0, 0).reference is None
    data["train_params"]["relative_motion"] = True
    data["train_params"]["loss_weights"]["transformed_keypoints"] = 10
    data["dataset_params"]["augmentation_params"]["appearance_param"] = {"noise": 0.1}
    pair = SyntheticPairs.from_config(TrainConfig.model_validate(data)).pair(0, 0)
    assert pair.reference is not None
    assert pair.detector_frame is not None
