from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from fomm_core.errors import ConfigError, MediaError
from fomm_train.config import (
    AppearanceParams,
    AugmentationParams,
    FlipParams,
    RegionShares,
    parse_train_config,
)
from fomm_train.run.data import open_pairs
from fomm_train.synthetic.heads.labels import Label, weigh_labels
from fomm_train.synthetic.samples import SampleContent
from fomm_train.synthetic.stored import StoredPairs
from fomm_train.synthetic.stored_truth import knows_truth, read_truth

ALL = SampleContent(reference=True, appearance=AppearanceParams(noise=0.1))


@pytest.fixture(scope="module")
def data(write_labelled):
    """Two groups of two people with three motions each."""
    return write_labelled(identities=4, group=2, motions=3, frames=6, size=32)


def truths(pair):
    return {name: value for name, value in vars(pair.truth).items() if value is not None}


def assert_equal(one, other):
    for name in ("source", "driving", "target", "reference", "detector_frame"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name, value in truths(one).items():
        np.testing.assert_array_equal(getattr(other.truth, name), value)


def find_frame(data: Path, image, size=32):
    """Which stored frame an image is: its clip, number and truth."""
    from PIL import Image

    for path in sorted((data / "train").glob("*/*.png")):
        shown = np.asarray(Image.open(path), np.float32).transpose(2, 0, 1) / 255
        if np.abs(shown - image).max() < 1e-3:
            return path.parent.name, int(path.stem)
    raise AssertionError("no such frame")


def test_samples_are_stored_frames_with_their_truth(data):
    pairs = StoredPairs(data, 32, cross_identity=1.0, content=ALL)
    for index in range(4):
        pair = pairs.pair(0, index)
        clips = {}
        for name in ("source", "driving", "target", "reference"):
            clip, number = find_frame(data, getattr(pair, name))
            clips[name] = (*clip.split("#"), number)
            truth = read_truth(data / "truth" / "train" / f"{clip}.npz")
            found = getattr(pair.truth, f"{name}_value")
            np.testing.assert_allclose(found, truth.keypoints.value[number], atol=1e-6)
            found = getattr(pair.truth, f"{name}_jacobian")
            np.testing.assert_allclose(found, truth.keypoints.jacobian[number], atol=1e-6)
            if name == "target":
                expected = weigh_labels(truth.labels[number], RegionShares())
                np.testing.assert_array_equal(pair.truth.regions, expected)
        assert clips["source"][0] == clips["target"][0] == f"{index:05d}"
        assert clips["driving"][0] == clips["reference"][0] == f"{index ^ 1:05d}"
        assert clips["source"][1:] == clips["reference"][1:]
        assert clips["target"][1:] == clips["driving"][1:]


def test_within_an_identity_nothing_is_read_twice(data):
    pair = StoredPairs(data, 32, content=ALL).pair(0, 0)
    np.testing.assert_array_equal(pair.target, pair.driving)
    np.testing.assert_array_equal(pair.reference, pair.source)


def test_background_is_where_neither_source_nor_target_shows_anybody(data):
    pairs = StoredPairs(data, 32)
    for index in range(4):
        pair = pairs.pair(0, index)
        covered = np.zeros((32, 32), bool)
        for name in ("source", "target"):
            clip, number = find_frame(data, getattr(pair, name))
            truth = read_truth(data / "truth" / "train" / f"{clip}.npz")
            covered |= truth.labels[number] != Label.BACKGROUND
        np.testing.assert_array_equal(pair.truth.foreground[0] == 1, covered)


def test_samples_depend_on_their_numbers_alone(data):
    pairs = StoredPairs(data, 32, repeats=3, cross_identity=0.5, content=ALL, seed=3)
    assert len(pairs) == 12
    first = [pairs.pair(1, index) for index in range(12)]
    other = pickle.loads(pickle.dumps(pairs))
    for index in reversed(range(12)):
        assert_equal(other.pair(1, index), first[index])
    later = [pairs.pair(2, index) for index in range(12)]
    assert any((a.source != b.source).any() for a, b in zip(later, first, strict=True))
    crossed = sum(np.abs(pair.target - pair.driving).max() > 0 for pair in first)
    assert 2 <= crossed <= 10


def test_mirrored_samples_have_a_mirrored_truth(data):
    flips = AugmentationParams(flip_param=FlipParams(horizontal_flip=True))
    plain, mirrored = StoredPairs(data, 32), StoredPairs(data, 32, augmentation=flips)
    places = read_truth(data / "truth" / "train" / "00000#000.npz").mirrored_keypoints
    flipped = 0
    for index in range(8):
        one, other = plain.pair(index, 0), mirrored.pair(index, 0)
        if np.array_equal(one.source, other.source):
            continue
        flipped += 1
        np.testing.assert_array_equal(other.source, one.source[..., ::-1])
        expected = one.truth.source_value[places] * [-1, 1]
        np.testing.assert_allclose(other.truth.source_value, expected)
        np.testing.assert_array_equal(other.truth.labels, one.truth.labels[:, ::-1])
    assert flipped


def test_smaller_frames_keep_the_places_of_keypoints(data):
    whole, half = StoredPairs(data, 32).pair(0, 1), StoredPairs(data, 16).pair(0, 1)
    assert half.source.shape == (3, 16, 16)
    assert half.truth.labels.shape == (16, 16)
    # In pixels from the left border of the frame, half as many.
    before = (whole.truth.source_value + 1) / 2 * 31 + 0.5
    after = (half.truth.source_value + 1) / 2 * 15 + 0.5
    np.testing.assert_allclose(after, before / 2, atol=1e-5)


def test_only_clips_with_a_truth_are_used(write_labelled, tmp_path):
    data = write_labelled(identities=2, group=2, motions=1, frames=4, size=32)
    assert knows_truth(data)
    assert not knows_truth(tmp_path)
    (data / "truth" / "train" / "00001#000.npz").unlink()
    assert len(StoredPairs(data, 32)) == 1
    with pytest.raises(ConfigError, match="expected groups of people that share their motions"):
        StoredPairs(data, 32, cross_identity=0.5)
    (data / "truth" / "train" / "00000#000.npz").unlink()
    with pytest.raises(MediaError, match="found none; write some with: fomm heads --out"):
        StoredPairs(data, 32)


def test_the_model_must_have_the_keypoints_that_are_known(data):
    network = {"block_expansion": 4, "max_features": 8, "num_blocks": 1}
    settings = {
        "dataset_params": {"root_dir": str(data), "frame_shape": [32, 32, 3]},
        "model_params": {
            "common_params": {"num_kp": 10},
            "kp_detector_params": network,
            "generator_params": {**network, "dense_motion_params": network},
        },
        "train_params": {"cross_identity": 0.5, "relative_motion": True, "num_repeats": 3},
    }
    del settings["model_params"]["generator_params"]["num_blocks"]
    pairs = open_pairs(parse_train_config(settings))
    assert isinstance(pairs, StoredPairs)
    assert len(pairs) == 12
    assert pairs.pair(0, 0).reference is not None
    settings["model_params"]["common_params"]["num_kp"] = 20
    with pytest.raises(ConfigError, match=r"num_kp: expected 10, as .* knows, found 20"):
        open_pairs(parse_train_config(settings))


def test_a_truth_without_label_maps_is_refused(data, tmp_path):
    with np.load(data / "truth" / "train" / "00000#000.npz") as content:
        kept = {name: content[name] for name in ("value", "jacobian")}
    np.savez(tmp_path / "x.npz", **kept)
    with pytest.raises(MediaError, match="expected label maps of rendered people"):
        read_truth(tmp_path / "x.npz")
