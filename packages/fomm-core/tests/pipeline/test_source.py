"""The source: which faces are animated, and when the picture is left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fomm_core.engine.fake import FakeEngine
from fomm_core.errors import FaceError
from fomm_core.face.crop import Crop
from fomm_core.face.detector import FaceBox
from fomm_core.face.framer import FaceFramer
from fomm_core.face.search import Faces
from fomm_core.loading import Model
from fomm_core.model.framing import Framing
from fomm_core.pipeline import source as module
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.source import MOST_FACES, frame_source, open_framer

FRAMER = FaceFramer(lambda picture: [], Framing(side=2.0), None, (32, 32))
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
        face: frame_source(PICTURE, FRAMER, AnimationOptions(face=face)).crops
        for face in ("largest", "all", 1, 2)
    }
    small, large = Crop(8, 18, 50), Crop(72, 22, 70)
    assert by_face == {"largest": (large,), "all": (small, large), 1: (small,), 2: (large,)}


def test_a_number_beyond_the_faces_is_refused(found):
    found(SMALL, LARGE, SMALL)
    with pytest.raises(FaceError, match="a number from 1 to 3, counted from the left, found 7"):
        frame_source(PICTURE, FRAMER, AnimationOptions(face=7))


def test_a_number_without_a_face_is_refused(found):
    found()
    with pytest.raises(FaceError, match="face 2: expected a face in the source, found none"):
        frame_source(PICTURE, FRAMER, AnimationOptions(face=2))


def test_without_a_face_the_picture_stays_and_a_line_says_so(found, caplog):
    found()
    source = frame_source(PICTURE, FRAMER, AnimationOptions())
    assert source.crops == ()
    assert source.squares((32, 32)) == [source.picture]
    assert "no face found in the source" in caplog.text


def test_a_cropped_picture_is_left_alone(found):
    found(FaceBox(50, 30, 60, 60, 0.9))
    source = frame_source(PICTURE, FRAMER, AnimationOptions())
    assert source.crops == ()
    np.testing.assert_array_equal(source.picture, PICTURE)


@pytest.mark.parametrize("asked", [None, True])
def test_without_a_framer_the_picture_is_taken_as_it_is(asked):
    source = frame_source(PICTURE, None, AnimationOptions(paste_back=asked))
    assert source.crops == ((Crop(20, 0, 120),) if asked else ())


class TestOpening:
    @pytest.fixture
    def model(self, tiny):
        return Model("fake", tiny((32, 32, 3)), FakeEngine((32, 32)), Framing(side=2.0))

    @pytest.fixture
    def no_detector(self, monkeypatch):
        def fail():
            raise FaceError("faces: none here")

        monkeypatch.setattr(module, "open_detector", fail)

    def test_a_model_with_a_framing_has_a_framer(self, model):
        framer = open_framer(model, AnimationOptions())
        assert framer is not None
        assert framer.framing == model.framing

    def test_without_framing_or_with_crop_off_there_is_none(self, model, no_detector):
        assert open_framer(replace(model, framing=None), AnimationOptions(face=1)) is None
        assert open_framer(model, AnimationOptions(crop="off")) is None

    @pytest.mark.parametrize("face", ["all", 99])
    def test_a_choice_of_faces_that_the_model_cannot_follow_is_told(self, model, caplog, face):
        assert open_framer(replace(model, framing=None), AnimationOptions()) is None
        assert caplog.messages == []
        open_framer(replace(model, framing=None), AnimationOptions(face=face))
        (told,) = caplog.messages
        assert told == f"face: {model.name} looks for no faces; the whole picture is animated"

    def test_where_there_is_no_detector_the_picture_stays_with_a_line(
        self, model, no_detector, caplog
    ):
        assert open_framer(model, AnimationOptions()) is None
        assert "faces: none here" in caplog.text

    @pytest.mark.parametrize("face", ["all", 2])
    def test_faces_that_are_asked_for_need_a_detector(self, model, no_detector, face):
        with pytest.raises(FaceError, match="none here"):
            open_framer(model, AnimationOptions(face=face))


def test_small_faces_are_refused(found):
    found(FaceBox(5, 5, 12, 14, 0.9))
    with pytest.raises(FaceError, match="24 pixels or more, found one of 14; take a larger"):
        frame_source(PICTURE, FRAMER, AnimationOptions())


def test_small_faces_beside_large_ones_do_not_count(found):
    found(FaceBox(5, 5, 12, 14, 0.9), SMALL, LARGE)
    for face, count in (("all", 2), (1, 1), (2, 1)):
        assert len(frame_source(PICTURE, FRAMER, AnimationOptions(face=face)).crops) == count
    with pytest.raises(
        FaceError, match="expected a number from 1 to 2, counted from the left, found 3"
    ):
        frame_source(PICTURE, FRAMER, AnimationOptions(face=3))


def test_of_hundreds_of_faces_the_largest_are_animated(found, caplog):
    found(*(FaceBox(x, 10, 24, 24 + x / 10, 0.9) for x in range(100)))
    source = frame_source(PICTURE, FRAMER, AnimationOptions(face="all"))
    assert len(source.crops) == MOST_FACES
    assert [crop.side for crop in source.crops] == sorted(crop.side for crop in source.crops)
    assert source.crops[0].side == 65
    assert "100 faces found: the 16 largest are animated" in caplog.text


def test_a_picture_on_its_side_is_turned(found, caplog):
    found(LARGE, turns=1)
    source = frame_source(PICTURE, FRAMER, AnimationOptions())
    np.testing.assert_array_equal(source.picture, np.rot90(PICTURE))
    assert "turned by 90 degrees" in caplog.text


class TestSize:
    def test_the_whole_picture_has_the_height_asked_for(self, found):
        found(LARGE)
        source = frame_source(PICTURE, FRAMER, AnimationOptions(size=240))
        assert source.shown
        assert source.size == (240, 320)
        assert source.crops == (Crop(144, 44, 140),)

    def test_large_pictures_are_scaled_to_1920_pixels(self, found):
        found(FaceBox(900, 400, 350, 350, 0.9))
        picture = np.zeros((1200, 3840, 3), np.uint8)
        source = frame_source(picture, FRAMER, AnimationOptions())
        assert source.size == (600, 1920)
        assert source.crops[0].side == 350

    def test_without_pasting_back_the_square_has_it(self, found):
        found(LARGE)
        source = frame_source(PICTURE, FRAMER, AnimationOptions(size=128, paste_back=False))
        assert source.size == (128, 128)
        assert source.crops == (Crop(0, 0, 128),)
        assert source.shown

    def test_a_picture_that_is_cropped_already_is_its_square(self, found):
        found(FaceBox(50, 30, 60, 60, 0.9))
        source = frame_source(PICTURE, FRAMER, AnimationOptions(size=240))
        assert source.size == (240, 240)
        np.testing.assert_array_equal(source.picture, Crop(20, 0, 120).cut(PICTURE, (240, 240)))

    def test_sheets_show_no_picture(self, found):
        found(LARGE)
        assert not frame_source(PICTURE, FRAMER, AnimationOptions(view="full")).shown
        assert not frame_source(PICTURE, None, AnimationOptions()).shown


class TestSquare:
    def test_one_chosen_by_hand_needs_no_face(self, found):
        found()
        for framer in (None, FRAMER):
            source = frame_source(PICTURE, framer, AnimationOptions(square=Crop(10, 20, 60)))
            assert source.crops == (Crop(10, 20, 60),)
            assert source.shown

    @pytest.mark.parametrize("square", [Crop(140, 0, 60), Crop(-90, 0, 60), Crop(0, 100, 60)])
    def test_one_outside_the_picture_is_refused(self, square):
        with pytest.raises(FaceError, match="its middle in the picture of 160 x 120, found"):
            frame_source(PICTURE, None, AnimationOptions(square=square))

    def test_a_found_one_can_be_given_again(self, found):
        found(SMALL, LARGE)
        first = frame_source(PICTURE, FRAMER, AnimationOptions(size=300))
        ((left, top, side),) = first.origins
        square = Crop.from_text(f"{left},{top},{side}")
        second = frame_source(PICTURE, None, AnimationOptions(size=300, square=square))
        assert second.crops == first.crops
        np.testing.assert_array_equal(second.picture, first.picture)
