from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import MediaError
from fomm_eval.data.ground_truth import read_truth


def test_keypoints_of_all_frames_are_read(tmp_path):
    value = np.random.default_rng(0).uniform(-1, 1, (4, 10, 2)).astype(np.float32)
    np.savez(tmp_path / "a.npz", value=value, jacobian=np.zeros(3))
    assert np.array_equal(read_truth(tmp_path / "a.npz"), value)


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({}, "value"),
        ({"value": np.zeros((4, 10))}, r"expected \(T, K, 2\), found \(4, 10\)"),
        ({"value": np.array([{}])}, "allow_pickle"),
        ({"value": np.array([[["one", "two"]]])}, "could not convert"),
    ],
)
def test_other_files_are_told(tmp_path, arrays, reason):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(MediaError, match=f"a.npz.*{reason}"):
        read_truth(tmp_path / "a.npz")


def test_damaged_and_missing_files_are_told(tmp_path):
    np.savez(tmp_path / "a.npz", value=np.zeros((4, 10, 2)))
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    for name in ("cut.npz", "missing.npz"):
        with pytest.raises(MediaError, match=f"{name}: expected the true keypoints"):
            read_truth(tmp_path / name)
