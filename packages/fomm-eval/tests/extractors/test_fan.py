"""The library face-alignment, up to where it fetches its weights: a module in its place."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from fomm_eval.data.clips import Clip
from fomm_eval.errors import ExtractorError
from fomm_eval.extractors import FrameView, fan
from fomm_eval.extractors.fan import FaceAlignmentLandmarks


@pytest.fixture
def install(monkeypatch):
    def put(found=None, error=None, kinds=None):
        class Network:
            def __init__(self, kind, flip_input, device):
                if error is not None:
                    raise error
                self.settings = (kind, flip_input, device)

            def get_landmarks_from_image(self, image):
                assert image.shape == (8, 8, 3)
                return found

        kinds = kinds or SimpleNamespace(TWO_D="2d")
        module = SimpleNamespace(FaceAlignment=Network, LandmarksType=kinds)
        monkeypatch.setitem(sys.modules, "face_alignment", module)
        monkeypatch.setattr(fan, "version", lambda name: f"of {name}")

    return put


def look(extractor, tmp_path):
    image = np.zeros((8, 8, 3), np.uint8)
    return extractor.observe(FrameView(Clip("a", tmp_path), "real", 0, image))


def test_the_first_face_is_taken_as_in_the_published_scripts(install, tmp_path):
    faces = [np.full((68, 2), level) for level in (1.0, 2.0)]
    install(faces)
    extractor = FaceAlignmentLandmarks()
    assert np.array_equal(look(extractor, tmp_path).landmarks, faces[0])
    assert extractor.name == "face-alignment of face-alignment"


@pytest.mark.parametrize("nothing", [None, []])
def test_no_face(install, tmp_path, nothing):
    install(nothing)
    assert look(FaceAlignmentLandmarks(), tmp_path).landmarks is None


def test_older_versions_name_the_kind_otherwise(install, tmp_path):
    install([np.zeros((68, 2))], kinds=SimpleNamespace(_2D="2d"))
    assert look(FaceAlignmentLandmarks(), tmp_path).landmarks.shape == (68, 2)


def test_weights_that_cannot_be_fetched_are_told(install):
    install(error=OSError("no network"))
    with pytest.raises(ExtractorError, match="weights, which it fetches on first use: no network"):
        FaceAlignmentLandmarks()


def test_without_the_library_the_way_to_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "face_alignment", None)
    with pytest.raises(ExtractorError, match=r"pip install 'fomm-eval\[face-alignment\]'"):
        FaceAlignmentLandmarks()
