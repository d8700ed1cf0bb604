"""dlib on a real face: against itself, shifted, blurred, hidden, and against somebody else."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image, ImageFilter

from fomm_core.video import VideoReader
from fomm_eval.comparison.compare import Extractors, evaluate
from fomm_eval.data.clips import pair_clips
from fomm_eval.errors import EvaluationError, ExtractorError
from fomm_eval.extractors import dlib_faces
from fomm_eval.extractors.dlib_faces import DlibFaces
from fomm_eval.metrics import AED, AKD, MKR


@pytest.fixture(scope="module")
def faces():
    pytest.importorskip("dlib", reason="dlib is not installed (extra dlib)")
    if not dlib_faces.is_installed():
        pytest.skip("face-recognition-models is not installed (extra dlib)")
    return DlibFaces()


@pytest.fixture(scope="module")
def real(sample_video):
    """Three frames of a speaking face, 256x256."""
    frames = list(VideoReader(sample_video, end=2.0))
    return frames[::20]


@pytest.fixture
def compare(faces, real, put, tmp_path):
    """Compares changed frames with the real ones."""

    def with_real(change):
        put.folder(tmp_path / "real", real)
        put.folder(tmp_path / "made", [np.asarray(change(frame), np.uint8) for frame in real])
        pairs = pair_clips(tmp_path / "real", tmp_path / "made")
        scores = evaluate(pairs, Extractors(faces, faces)).scores
        return tuple(scores.overall(metric) for metric in (AKD, MKR, AED))

    return with_real


def blurred(radius):
    return lambda frame: Image.fromarray(frame).filter(ImageFilter.GaussianBlur(radius))


def test_against_itself_all_is_0(compare):
    akd, mkr, aed = compare(lambda frame: frame)
    assert (akd.mean, mkr.mean, aed.mean) == (0, 0, 0)
    assert (akd.count, aed.count) == (3, 3)


@pytest.mark.parametrize(("down", "right"), [(0, 8), (8, 0), (4, 8)])
def test_a_shift_is_measured_in_pixels_per_axis(compare, down, right):
    akd, mkr, aed = compare(lambda frame: np.roll(frame, (down, right), axis=(0, 1)))
    assert akd.mean == pytest.approx((down + right) / 2, abs=1)
    assert mkr.mean == 0
    assert aed.mean < 0.05, "the same person, elsewhere"


def test_blur_moves_both_a_little(compare):
    little, much = compare(blurred(1.5)), compare(blurred(4))
    assert 0 < little[0].mean < 3
    assert 0 < little[2].mean < much[2].mean


def test_another_identity_is_far(compare, sample_video):
    other = Image.open(sample_video.with_name("sample_src.png")).convert("RGB").resize((256, 256))
    aed = compare(lambda frame: other)[2].mean
    assert aed > 0.36, "dlib takes two faces for one person up to a distance of 0.6"
    assert compare(blurred(1.5))[2].mean < 0.36 / 4


def test_a_hidden_face_is_missing(compare, real):
    hidden = {id(real[0])}
    akd, mkr, aed = compare(lambda frame: frame * (id(frame) not in hidden))
    assert mkr.mean == pytest.approx(1 / 3)
    assert (akd.count, aed.count) == (2, 2)


def test_no_face_anywhere_is_an_error(compare):
    with pytest.raises(EvaluationError, match=r"AKD: expected a face.*none in any of 3.*dlib"):
        compare(lambda frame: frame * 0)


def test_the_extractor_is_named_with_its_versions(faces):
    assert faces.name.startswith("dlib ")
    assert "face-recognition-models 0." in faces.name


def test_the_models_are_found_without_setuptools(faces, monkeypatch):
    monkeypatch.setitem(sys.modules, "pkg_resources", None)
    assert DlibFaces(identity=False).name == faces.name


def test_without_dlib_the_way_to_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(ExtractorError, match=r"pip install 'fomm-eval\[dlib\]'"):
        DlibFaces()


def test_without_the_models_the_way_to_them_is_told(faces, monkeypatch, tmp_path):
    monkeypatch.setattr(dlib_faces, "find_spec", lambda name: None)
    with pytest.raises(ExtractorError, match="face-recognition-models"):
        DlibFaces()
