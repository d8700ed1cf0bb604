"""The search: faces of any size and number, pictures on their side, none."""

from __future__ import annotations

import numpy as np
import pytest

from fomm_core.face.detector import FaceBox
from fomm_core.face.search import find_all_faces, find_faces, size_to_follow
from fomm_core.face.yunet import open_detector
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


def test_thirty_small_faces_are_found_and_nothing_else(group):
    names = sorted(SAMPLE_PICTURES)
    places = [(names[n % len(names)], 40 + 250 * (n % 6), 30 + 230 * (n // 6)) for n in range(30)]
    people = [(name, left, top, 60) for name, left, top in places]
    boxes = find_all_faces(open_detector(), group(*people)).boxes
    assert len(boxes) == 30
    for name, left, top, side in people:
        assert any(within(box, left, top, side) and 25 < box.height < 45 for box in boxes), name


def test_a_face_too_small_to_animate_is_found_all_the_same(group):
    (box,) = find_faces(open_detector(), group(("woman_glasses", 700, 500, 36))).boxes
    assert within(box, 700, 500, 36)


def test_doubt_about_a_face_turns_no_picture():
    def doubtful(picture: np.ndarray) -> list[FaceBox]:
        return [FaceBox(5, 5, 60, 60, 0.7)] if picture.shape[0] < picture.shape[1] else []

    faces = find_faces(doubtful, np.zeros((200, 100, 3), np.uint8))
    assert (faces.turns, faces.boxes) == (0, ())


@pytest.mark.parametrize(("height", "longest"), [(200, 320), (120, 320), (100, 640), (20, 1280)])
def test_the_next_frames_are_searched_no_finer_than_the_face_needs(height, longest):
    assert size_to_follow(FaceBox(0, 0, 50, height, 0.9), (1200, 1600)) == longest


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
