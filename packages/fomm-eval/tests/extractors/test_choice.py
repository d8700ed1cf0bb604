from __future__ import annotations

import numpy as np
import pytest

from fomm_eval.data.clips import Clip
from fomm_eval.errors import ExtractorError
from fomm_eval.extractors import choice as extraction
from fomm_eval.extractors.avatars import AvatarKeypoints, ground_truth_path
from fomm_eval.extractors.choice import ExtractorOptions, choose_extractors
from fomm_eval.extractors.files import StoredEmbeddings, StoredLandmarks


class Faces:
    name = "faces"

    def __init__(self, **wanted):
        self.wanted = wanted


@pytest.fixture
def dlib(monkeypatch):
    monkeypatch.setattr(extraction, "DlibFaces", Faces)
    monkeypatch.setattr(extraction, "is_installed", lambda: True)


@pytest.fixture
def no_dlib(monkeypatch):
    monkeypatch.setattr(extraction, "is_installed", lambda: False)


@pytest.fixture
def clip(tmp_path):
    return Clip("a", tmp_path / "data" / "test" / "a.mp4")


@pytest.fixture
def files(tmp_path):
    np.savez(tmp_path / "marks.npz", a=np.zeros((1, 2, 2)))
    np.savez(tmp_path / "embeddings.npz", a=np.zeros((1, 2)))
    return (tmp_path / "marks.npz",) * 2, (tmp_path / "embeddings.npz",) * 2


def no_model():
    raise AssertionError("no model is needed")


def test_by_itself_dlib_does_both_and_may_find_nothing(dlib, clip):
    chosen = choose_extractors(ExtractorOptions(), clip, no_model)
    assert chosen.landmarks is chosen.identity
    assert chosen.landmarks.wanted == {"landmarks": True, "identity": True}
    assert not chosen.landmarks_required
    assert not chosen.identity_required


def test_what_is_asked_for_must_find_something(dlib, clip):
    chosen = choose_extractors(ExtractorOptions("dlib", "none"), clip, no_model)
    assert chosen.landmarks.wanted == {"landmarks": True, "identity": False}
    assert chosen.identity is None
    assert chosen.landmarks_required


def test_avatars_have_their_truth(dlib, clip, model):
    ground_truth_path(clip.path).parent.mkdir(parents=True)
    ground_truth_path(clip.path).touch()
    chosen = choose_extractors(ExtractorOptions(), clip, lambda: model)
    assert isinstance(chosen.landmarks, AvatarKeypoints)
    assert chosen.identity is None


def test_files_come_first(dlib, clip, files):
    chosen = choose_extractors(ExtractorOptions("auto", "auto", *files), clip, no_model)
    assert isinstance(chosen.landmarks, StoredLandmarks)
    assert isinstance(chosen.identity, StoredEmbeddings)


def test_files_must_be_named(clip):
    with pytest.raises(ExtractorError, match="--real-landmarks, --generated-landmarks"):
        choose_extractors(ExtractorOptions(landmarks="files", identity="none"), clip, no_model)
    with pytest.raises(ExtractorError, match="--real-embeddings"):
        choose_extractors(ExtractorOptions(landmarks="none", identity="files"), clip, no_model)


def test_without_anything_the_metrics_are_left_out_and_it_is_said(no_dlib, clip, caplog):
    chosen = choose_extractors(ExtractorOptions(), clip, no_model)
    assert (chosen.landmarks, chosen.identity) == (None, None)
    assert "pip install 'fomm-eval[dlib]'" in caplog.text
