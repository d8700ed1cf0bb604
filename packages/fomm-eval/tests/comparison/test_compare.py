from __future__ import annotations

import numpy as np
import pytest

from fomm_eval.comparison.compare import Extractors, evaluate
from fomm_eval.data.clips import pair_clips
from fomm_eval.errors import EvaluationError
from fomm_eval.extractors import Observation
from fomm_eval.metrics import AED, AKD, L1, MKR, PSNR, SSIM, l1_distance, psnr, ssim


class Planned:
    """Sees what a plan says: by side and number of the frame."""

    name = "planned"

    def __init__(self, landmarks=None, embeddings=None):
        self.landmarks, self.embeddings, self.looks = landmarks or {}, embeddings or {}, 0

    def observe(self, view):
        self.looks += 1
        key = (view.side, view.index)
        return Observation(self.landmarks.get(key), self.embeddings.get(key))


@pytest.fixture
def pairs(tmp_path, put, frames):
    put.folder(tmp_path / "real" / "a", frames(4))
    put.folder(tmp_path / "made" / "a", frames(4, seed=1))
    put.folder(tmp_path / "real" / "b", frames(2))
    put.folder(tmp_path / "made" / "b", frames(2))
    return pair_clips(tmp_path / "real", tmp_path / "made")


def test_each_frame_has_its_figures(pairs, frames):
    scores = evaluate(pairs).scores
    assert scores.metrics == (L1, PSNR, SSIM)
    table = zip(frames(4), frames(4, seed=1), strict=True)
    expected = [[metric(r, g) for metric in (l1_distance, psnr, ssim)] for r, g in table]
    assert scores.clips[0].values == pytest.approx(np.array(expected))
    assert scores.clips[1].values == pytest.approx(np.array([[0, 100, 1]] * 2))
    assert scores.overall(L1).mean == pytest.approx(sum(row[0] for row in expected) / 6)
    assert scores.overall(L1).count == scores.frames == 6


def test_faces_are_scored_where_they_are(pairs):
    points = np.zeros((5, 2), np.float32)
    seen = {("real", 0): points, ("generated", 0): points + 1, ("real", 1): points}
    who = {(side, 0): np.full(3, n, np.float32) for n, side in enumerate(["real", "generated"])}
    extractor = Planned(seen, who)
    scores = evaluate(pairs[:1], Extractors(extractor, extractor)).scores
    assert scores.metrics == (L1, PSNR, SSIM, AKD, MKR, AED)
    assert scores.overall(AKD).mean == pytest.approx(256 / 64)
    assert scores.overall(AKD).count == 1
    assert scores.overall(MKR).mean == pytest.approx(5 / 10)
    assert scores.overall(AED).mean == pytest.approx(3)
    assert extractor.looks == 8, "an extractor for both looks once at each frame"


def test_clips_without_faces_have_no_figure_of_them(pairs):
    points = np.zeros((5, 2), np.float32)
    seen = {(side, 3): points for side in ("real", "generated")}
    scores = evaluate(pairs, Extractors(Planned(seen))).scores
    assert scores.clips[0].summary(AKD).count == 1
    assert scores.clips[1].summary(AKD) is None
    assert scores.clips[1].summary(MKR) is None


def test_no_face_anywhere_is_an_error_unless_nobody_asked(pairs, caplog):
    for extractors, name in (
        (Extractors(Planned()), "AKD"),
        (Extractors(identity=Planned()), "AED"),
    ):
        with pytest.raises(EvaluationError, match=rf"{name}: expected a face .*none .*planned"):
            evaluate(pairs, extractors)
    lenient = Extractors(Planned(), None, landmarks_required=False)
    assert evaluate(pairs, lenient).scores.overall(AKD) is None
    assert "expected a face" in caplog.text


@pytest.mark.parametrize(("real", "made"), [(3, 5), (5, 3)])
def test_unequal_frame_counts_are_told(tmp_path, put, frames, real, made):
    put.folder(tmp_path / "real" / "clip", frames(real))
    put.folder(tmp_path / "made" / "clip", frames(made))
    pairs = pair_clips(tmp_path / "real", tmp_path / "made")
    with pytest.raises(EvaluationError, match=f"clip: .* {real} real and {made} generated"):
        evaluate(pairs)


def test_unequal_sizes_are_told_or_fitted(tmp_path, put, frames):
    put.folder(tmp_path / "real" / "clip", frames(2, size=96))
    put.folder(tmp_path / "made" / "clip", frames(2))
    pairs = pair_clips(tmp_path / "real", tmp_path / "made")
    with pytest.raises(EvaluationError, match=r"clip: .* 96x96 real and 64x64 generated; --fit"):
        evaluate(pairs)
    assert evaluate(pairs, fit_real="crop").scores.overall(L1).mean < 0.1


def test_landmarks_that_do_not_compare_are_told_with_their_frame(pairs):
    marks = {("real", 2): np.zeros((5, 2)), ("generated", 2): np.zeros((4, 2))}
    with pytest.raises(EvaluationError, match=r"^a, frame 2: landmarks: .*\(5, 2\) and \(4, 2\)"):
        evaluate(pairs, Extractors(Planned(marks)))


def test_nothing_to_compare_is_an_error():
    with pytest.raises(EvaluationError, match="found none"):
        evaluate([])


def test_the_worst_frames_are_kept_once_a_scene(tmp_path, put, frames):
    real = frames(60, size=32)
    made = [frame.copy() for frame in real]
    for index, level in ((3, 250), (4, 255), (50, 200)):
        made[index][:] = level
    put.folder(tmp_path / "real" / "clip", real)
    put.folder(tmp_path / "made" / "clip", made)
    worst = evaluate(pair_clips(tmp_path / "real", tmp_path / "made")).worst
    assert [frame.index for frame in worst][:2] == [4, 50]
    assert np.array_equal(worst[0].generated, made[4])
    assert np.array_equal(worst[0].real, real[4])


def test_every_frame_is_told(pairs):
    seen = []
    evaluate(pairs, on_progress=lambda: seen.append(1))
    assert len(seen) == 6
