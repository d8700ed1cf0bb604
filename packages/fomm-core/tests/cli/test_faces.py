"""Whole pictures as users have them: found faces move, and what cannot be is one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fomm_core import loading
from fomm_core.engine.fake import FakeEngine
from fomm_core.image import fit, read_image
from fomm_core.loading import Model
from fomm_core.model.finding import find_model
from fomm_core.model.framing import Framing
from fomm_core.model.samples import SAMPLE_PICTURES

pytestmark = pytest.mark.once

Place = tuple[str, int, int, int]
THREE: tuple[Place, ...] = (
    ("man_fringe", 20, 60, 180),
    ("woman_headscarf", 240, 120, 160),
    ("man_in_suit", 440, 40, 190),
)


@pytest.fixture(autouse=True)
def framed(monkeypatch) -> None:
    """A model that wants pictures cropped to the head, on a fake engine."""
    config = find_model("face").config

    def start(files, *_):
        return Model(files.name, config, FakeEngine((256, 256)), Framing(side=1.66))

    monkeypatch.setattr(loading, "start_model", start)


@pytest.fixture
def whole() -> Callable[..., np.ndarray]:
    """Makes a picture (360, 640, 3) with people, squares given as (name, left, top, side)."""

    def make(people: Sequence[Place] = ()) -> np.ndarray:
        picture = np.full((360, 640, 3), (120, 140, 90), np.uint8)
        for name, left, top, side in people:
            person = fit(read_image(SAMPLE_PICTURES[name]), (side, side))
            visible = min(side, max(0, 640 - left))
            picture[top : top + side, left : left + visible] = person[:, :visible]
        return picture

    return make


@pytest.fixture
def saved(here) -> Callable[[str, np.ndarray], Path]:
    def save(name: str, picture: np.ndarray) -> Path:
        Image.fromarray(picture).save(here / name)
        return here / name

    return save


@pytest.fixture
def clip_of(here) -> Callable[[Sequence[np.ndarray]], Path]:
    """Writes frames into a folder, which drives as a video does."""

    def write(frames: Sequence[np.ndarray]) -> Path:
        (here / "driving").mkdir()
        for index, frame in enumerate(frames):
            Image.fromarray(frame).save(here / "driving" / f"{index:02d}.png")
        return here / "driving"

    return write


@pytest.mark.parametrize(
    ("people", "words", "problem"),
    [
        (THREE, ("--face", "7"), "a number from 1 to 3, counted from the left, found 7"),
        ((), ("--face", "2"), "face 2: expected a face in the source, found none"),
        ([("man_bald", 300, 100, 32)], (), "24 pixels or more, found one of"),
        (THREE, ("--square", "600,10,300"), "its middle in the picture of 640 x 360, found"),
        (THREE, ("--square", "10,10,5"), "a side of 24 pixels or more, within a picture"),
        (THREE, ("--square", "-9,0,99999"), "a side of 24 pixels or more, within a picture"),
    ],
)
def test_faces_that_cannot_be(animate, files, saved, whole, clip, people, words, problem):
    source = saved("source.png", whole(people))
    before = files()
    ran = animate("--model", "face", "--source", source, "--driving", clip, *words)
    assert problem in ran.refusal
    assert files() == before


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_the_face_is_found_in_a_picture_of_any_kind(animate, here, whole, clip, mode):
    picture = Image.fromarray(whole(THREE[:1])).convert(mode)
    picture.save(here / "source.png")
    words = ("--source", here / "source.png", "--driving", clip, "--output-png", "--end", "0.1")
    folder = animate("--model", "face", *words).result
    frames = [np.asarray(Image.open(path)).astype(int) for path in sorted(folder.iterdir())]
    own = np.asarray(picture.convert("RGB"))
    assert frames[0].shape == (360, 640, 3)
    np.testing.assert_array_equal(frames[0][:, 300:], own[:, 300:])
    assert any((frame[60:240, 20:200] != own[60:240, 20:200]).any() for frame in frames)


def test_a_picture_on_its_side_is_turned_and_a_line_says_so(fomm, saved, whole, clip):
    source = saved("source.png", np.rot90(whole(THREE[:1])))
    words = ("--source", source, "--driving", clip, "--output-png", "--end", "0.05")
    ran = fomm("animate", "--model", "face", *words)
    assert "lies on its side: turned by 270 degrees" in ran.err
    assert Image.open(next(ran.result.iterdir())).size == (640, 360)


def test_without_a_face_the_middle_moves_and_a_line_says_so(fomm, saved, whole, clip):
    source = saved("source.png", whole())
    ran = fomm("animate", "--model", "face", "--source", source, "--driving", clip)
    assert ran.code == 0
    assert "no face found in the source" in ran.err


LEAVING = [("man_fringe", 200 + 90 * step, 60, 200) for step in range(8)]
CHANGING = [("man_fringe", 40, 60, 180)] * 4 + [("woman_grey_afro", 420, 150, 200)] * 4

IN_PLACE = [("man_fringe", 40, 60, 180)] * 4 + [("woman_grey_afro", 42, 64, 184)] * 4


@pytest.mark.parametrize(
    ("places", "told"),
    [(LEAVING, "the face is missing from"), (CHANGING, "another face is there from")],
)
def test_a_face_that_goes_is_told_and_its_square_held(fomm, saved, whole, clip_of, places, told):
    driving = clip_of([whole([place]) for place in places])
    source = saved("source.png", whole(THREE[:1]))
    words = ("--source", source, "--driving", driving, "--fps", "5", "--output-png")
    ran = fomm("animate", "--model", "face", *words)
    assert told in ran.err
    assert len(list(ran.result.iterdir())) == len(places)


def test_a_cut_to_another_person_in_the_same_place_is_told(fomm, saved, whole, clip_of):
    driving = clip_of([whole([place]) for place in IN_PLACE])
    source = saved("source.png", whole(THREE[:1]))
    words = ("--source", source, "--driving", driving, "--fps", "5", "--output-png")
    ran = fomm("animate", "--model", "face", *words)
    assert "another person or scene begins at 0.16 s; take a part without" in ran.err
    assert "another face" not in ran.err
