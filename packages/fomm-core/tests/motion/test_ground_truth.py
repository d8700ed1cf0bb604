from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import MediaError
from fomm_core.motion.ground_truth import (
    TrueKeypoints,
    read_true_keypoints,
    write_true_keypoints,
)
from fomm_core.motion.keypoints import Keypoints


def test_keypoints_of_all_frames_are_read(tmp_path):
    value = np.random.default_rng(0).uniform(-1, 1, (4, 10, 2)).astype(np.float32)
    np.savez(tmp_path / "a.npz", value=value, poses=np.zeros(3))
    found = read_true_keypoints(tmp_path / "a.npz")
    assert np.array_equal(found.value, value)
    assert (found.jacobian, found.names, len(found)) == (None, (), 4)


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({}, "value"),
        ({"value": np.zeros((4, 10))}, r"expected \(T, K, 2\), found \(4, 10\)"),
        ({"value": np.array([{}])}, "allow_pickle"),
        (
            {"value": np.zeros((4, 3, 2)), "jacobian": np.zeros(3)},
            r"jacobian: expected \(4, 3, 2, 2\), found \(3,\)",
        ),
        (
            {"value": np.zeros((4, 3, 2)), "keypoint_names": np.array(["nose"])},
            "keypoint_names: expected 3, found 1",
        ),
        ({"value": np.array([[["one", "two"]]])}, "could not convert"),
    ],
)
def test_other_files_are_told(tmp_path, arrays, reason):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(MediaError, match=f"a.npz.*{reason}"):
        read_true_keypoints(tmp_path / "a.npz")


def test_damaged_and_missing_files_are_told(tmp_path):
    np.savez(tmp_path / "a.npz", value=np.zeros((4, 10, 2)))
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    for name in ("cut.npz", "missing.npz"):
        with pytest.raises(MediaError, match=f"{name}: expected the true keypoints"):
            read_true_keypoints(tmp_path / name)


@pytest.mark.parametrize("count", [1, 10, 20])
def test_what_is_written_is_read_again(tmp_path, count):
    rng = np.random.default_rng(count)
    frames = [
        Keypoints(rng.uniform(-1, 1, (count, 2)), rng.normal(size=(count, 2, 2))) for _ in range(3)
    ]
    names = tuple(f"point {number}" for number in range(count))
    write_true_keypoints(
        tmp_path / "a.npz", TrueKeypoints.of(frames, names), {"poses": np.zeros(7)}
    )
    found = read_true_keypoints(tmp_path / "a.npz")
    assert found.names == names
    for number, frame in enumerate(frames):
        assert np.array_equal(found.value[number], frame.value)
        assert np.array_equal(found.jacobian[number], frame.jacobian)
    with np.load(tmp_path / "a.npz") as content:
        assert content["poses"].shape == (7,)


def test_jacobians_are_those_of_all_frames_or_of_none():
    value = np.zeros((2, 2))
    mixed = [Keypoints(value, np.zeros((2, 2, 2))), Keypoints(value)]
    assert TrueKeypoints.of(mixed).jacobian is None
