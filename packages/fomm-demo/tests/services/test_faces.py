"""Faces that are shown on a picture and chosen by pointing at them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fomm_core.engine.fake import FakeEngine
from fomm_core.errors import FommError
from fomm_core.face.crop import Crop
from fomm_core.face.detector import FaceBox
from fomm_core.image import write_image
from fomm_core.model.framing import Framing
from fomm_demo.services.faces import FoundFaces, find_faces_of

FRAMING = Framing(side=2.0)
BOXES = [FaceBox(30, 60, 30, 36, 0.9), FaceBox(210, 90, 44, 60, 0.9)]


@pytest.fixture
def found(animation, monkeypatch, tmp_path):
    """Finds the given boxes in a picture of 480x360, shown half as large."""

    def find(*boxes: FaceBox, framing: Framing | None = FRAMING) -> FoundFaces | None:
        loaded = animation.models.get("avatar", False)
        model = replace(loaded, framing=framing, engine=FakeEngine(loaded.frame_size))
        monkeypatch.setattr(type(animation.models), "get", lambda *arguments: model)
        monkeypatch.setattr(
            "fomm_core.pipeline.source.open_detector",
            lambda: lambda picture: [box.scaled(picture.shape[1] / 480) for box in boxes],
        )
        monkeypatch.setattr("fomm_demo.services.faces._LONGEST", 240)
        write_image(tmp_path / "picture.png", np.zeros((360, 480, 3), np.uint8))
        return find_faces_of(animation, tmp_path / "picture.png", "avatar")

    return find


def test_the_squares_of_a_picture_are_found(found):
    faces = found(*BOXES)
    assert faces.picture.shape == (180, 240, 3)
    assert faces.scale == 0.5
    assert [square.side for square in faces.squares] == [72, 120]
    assert faces.largest == 1


def test_pictures_that_are_animated_as_they_are_have_none(found):
    assert found() is None
    assert found(FaceBox(150, 90, 178, 178, 0.9)) is None
    assert found(*BOXES, framing=None) is None


def test_what_is_no_picture_is_refused(animation, found, tmp_path):
    found(*BOXES)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(FommError):
        find_faces_of(animation, tmp_path / "text.png", "avatar")


def test_the_face_at_a_point_is_the_nearest(found):
    faces = found(*BOXES)
    assert [faces.at(x, y) for x, y in ((22, 39), (116, 60), (3, 175))] == [0, 1, None]


def test_a_square_moves_to_a_point(found):
    moved = found(*BOXES).moved(1, 120, 30)
    assert moved.squares == (Crop(180, 0, 120),)


@pytest.mark.parametrize(
    ("point", "corner"), [((0, 0), (0, 0)), ((239, 179), (360, 240)), ((120, 170), (180, 240))]
)
def test_a_square_that_is_moved_stays_within_the_picture(found, point, corner):
    assert found(*BOXES).moved(1, *point).squares == (Crop(*corner, 120),)


def test_the_chosen_squares_are_drawn_in_another_colour(found):
    faces = found(*BOXES)
    plain, first = faces.drawn(()), faces.drawn({0})
    assert plain.shape == faces.picture.shape
    changed = np.nonzero((plain != first).any(axis=2))[1]
    assert changed.max() < 50
    assert not faces.picture.any()
