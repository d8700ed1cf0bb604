from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import FommError
from fomm_core.image import to_network
from fomm_eval.comparison.compare import Extractors, evaluate
from fomm_eval.data.clips import pair_clips
from fomm_eval.extractors.avatars import AvatarKeypoints, ground_truth_path
from fomm_eval.metrics import AKD, MKR


@pytest.fixture
def clips(tmp_path, put, frames):
    """A real clip with its truth, and the same frames as generated ones."""
    pictures = frames(4)
    put.folder(tmp_path / "data" / "test" / "a#0", pictures)
    put.folder(tmp_path / "made" / "a#0", pictures)
    return pair_clips(tmp_path / "data" / "test", tmp_path / "made"), pictures


def put_truth(pairs, **arrays):
    path = ground_truth_path(pairs[0].real.path)
    path.parent.mkdir(parents=True)
    np.savez(path, **arrays)


def true_values(model, pictures):
    return np.stack([model.engine.detect(to_network(picture)).value for picture in pictures])


def test_akd_is_measured_against_the_truth(clips, model):
    pairs, pictures = clips
    off = np.array([4, 0], np.float32) / 63 * 2  # four pixels of 64
    put_truth(pairs, value=true_values(model, pictures) + off)
    scores = evaluate(pairs, Extractors(AvatarKeypoints(model))).scores
    assert scores.overall(AKD).mean == pytest.approx(4 * 256 / 64 / 2, rel=1e-4)
    assert scores.overall(MKR).mean == 0


def test_a_detector_of_other_keypoints_is_told(clips, model, caplog):
    pairs, pictures = clips
    put_truth(pairs, value=true_values(model, pictures) + np.float32(0.5))
    evaluate(pairs, Extractors(AvatarKeypoints(model)))
    assert caplog.text.count("fake finds other keypoints than the true ones") == 1


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({}, "value"),
        ({"value": np.zeros((2, 10, 2))}, "expected the truth of frame 2, found 2 frames"),
        ({"value": np.zeros((4, 5, 2))}, "expected a model of 5 keypoints"),
    ],
)
def test_bad_truth_is_told(clips, model, arrays, reason):
    put_truth(clips[0], **arrays)
    with pytest.raises(FommError, match=reason):
        evaluate(clips[0], Extractors(AvatarKeypoints(model)))


def test_missing_truth_is_told(clips, model):
    with pytest.raises(FommError, match=r"truth.*a#0.npz: expected the true keypoints"):
        evaluate(clips[0], Extractors(AvatarKeypoints(model)))
