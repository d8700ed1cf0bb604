"""The source: which faces are animated, and when the picture is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import FaceError
from fomm_core.face.crop import Crop
from fomm_core.face.detector import FaceBox, Faces
from fomm_core.model.framing import Framing
from fomm_core.pipeline import source as module
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.source import MOST_FACES, frame_source

FRAMING = Framing(side=2.0)
PICTURE = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
SMALL, LARGE = FaceBox(20, 30, 25, 25, 0.9), FaceBox(90, 40, 35, 35, 0.9)


@pytest.fixture
def found(monkeypatch):
    """Sets the faces that are found in any picture."""

    def find(*boxes: FaceBox, turns: int = 0) -> None:
        for name in ("find_faces", "find_all_faces"):
            monkeypatch.setattr(module, name, lambda detector, picture: Faces(boxes, turns))

    return find


def test_the_face_asked_for_is_framed(found):
    found(SMALL, LARGE)
    by_face = {
        face: frame_source(PICTURE, FRAMING, AnimationOptions(face=face)).crops
        for face in ("largest", "all", 1, 2)
    }
    small, large = Crop(8, 18, 50), Crop(72, 22, 70)
    assert by_face == {"largest": (large,), "all": (small, large), 1: (small,), 2: (large,)}


def test_a_number_beyond_the_faces_is_refused(found):
    found(SMALL, LARGE, SMALL)
    with pytest.raises(FaceError, match="face: expected one of 3 faces, found 7"):
        frame_source(PICTURE, FRAMING, AnimationOptions(face=7))


def test_without_a_face_the_picture_stays_and_a_line_says_so(found, caplog):
    found()
    source = frame_source(PICTURE, FRAMING, AnimationOptions())
    assert source.crops == ()
    assert source.squares((32, 32)) == [source.picture]
    assert "no face found in the source" in caplog.text


def test_a_cropped_picture_is_left_alone(found):
    found(FaceBox(50, 30, 60, 60, 0.9))
    source = frame_source(PICTURE, FRAMING, AnimationOptions())
    assert source.crops == ()
    np.testing.assert_array_equal(source.picture, PICTURE)


@pytest.mark.parametrize("options", [{"crop": "off"}, {}])
def test_models_without_framing_and_crop_off_look_for_no_face(options, monkeypatch):
    monkeypatch.setattr(module, "open_detector", None)
    framing = FRAMING if options else None
    assert frame_source(PICTURE, framing, AnimationOptions(**options)).crops == ()
    pasted = frame_source(PICTURE, framing, AnimationOptions(paste_back=True, **options))
    assert pasted.crops == (Crop(20, 0, 120),)


def test_small_faces_are_refused(found):
    found(FaceBox(5, 5, 12, 14, 0.9))
    with pytest.raises(FaceError, match="24 pixels or more, found one of 14; take a larger"):
        frame_source(PICTURE, FRAMING, AnimationOptions())


def test_of_hundreds_of_faces_the_largest_are_animated(found, caplog):
    found(*(FaceBox(x, 10, 24, 24 + x / 10, 0.9) for x in range(100)))
    source = frame_source(PICTURE, FRAMING, AnimationOptions(face="all"))
    assert len(source.crops) == MOST_FACES
    assert source.crops[0].side == 68
    assert "100 faces found: the 16 largest are animated" in caplog.text


def test_a_picture_on_its_side_is_turned(found, caplog):
    found(LARGE, turns=1)
    source = frame_source(PICTURE, FRAMING, AnimationOptions())
    np.testing.assert_array_equal(source.picture, np.rot90(PICTURE))
    assert "turned by 90 degrees" in caplog.text
