"""One face through a clip: a steady square, or one that follows smoothly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fomm_core.face.framer import FaceFramer
from fomm_core.face.track import CropPath, steady_path, track_face
from fomm_core.model.framing import Framing

SIZE = (120, 160)


@pytest.fixture(scope="module")
def framer(white_spots) -> FaceFramer:
    return FaceFramer(white_spots, Framing(side=2.0), None, (32, 32))


def frames(*places: tuple[int, int] | None, side: int = 20) -> Iterator[np.ndarray]:
    """Frames with a face at (left, top), or none."""
    for place in places:
        frame = np.zeros((*SIZE, 3), np.uint8)
        if place is not None:
            frame[place[1] : place[1] + side, place[0] : place[0] + side] = 255
        yield frame


def test_frames_are_looked_at_in_steps(framer):
    track = track_face(framer, frames(*[(70, 50)] * 11), every=5)
    assert track.indices == (0, 5, 10)
    assert track.missed == ()
    assert track.size == SIZE


def test_a_face_that_comes_late_is_found(framer):
    track = track_face(framer, frames(None, None, (70, 50), (71, 50)), every=1)
    assert track.indices == (2, 3)
    assert track.missed == (0, 1)
    assert not track.crowd


def test_without_a_face_there_is_no_track(framer):
    assert track_face(framer, frames(None, None), every=1) is None
    assert track_face(framer, frames(), every=1) is None


def test_where_the_face_leaves_the_last_square_is_held(framer):
    track = track_face(framer, frames((70, 50), (70, 50), None, None), every=1)
    assert track.missed == (2, 3)
    assert steady_path(track, 25).at(3) == steady_path(track, 25).at(0)


def test_another_person_is_not_followed(framer):
    track = track_face(framer, frames((20, 20), (22, 20), (120, 90), (120, 90)), every=1)
    assert track.indices == (0, 1)
    assert track.crowd


def test_the_largest_of_the_first_faces_is_followed(framer):
    frame = next(frames((20, 20), side=30))
    frame[80:90, 100:110] = 255
    track = track_face(framer, [frame, frame], every=1)
    assert [box.left for box in track.boxes] == [20, 20]


@given(st.lists(st.tuples(st.integers(60, 70), st.integers(45, 55)), min_size=1, max_size=12))
@settings(max_examples=20)
def test_a_still_clip_has_one_square_for_all_frames(framer, places):
    path = steady_path(track_face(framer, frames(*places), every=1), 25)
    assert len(path.crops) == 1
    crop = path.at(5)
    assert 40 <= crop.side <= 44
    for x, y in places:
        assert crop.left <= x
        assert x + 20 <= crop.left + crop.side
        assert crop.top <= y
        assert y + 20 <= crop.top + crop.side


def test_a_face_that_walks_is_followed_without_trembling(framer):
    shake = np.random.default_rng(3).integers(-2, 3, 60)
    walk = [(10 + 2 * step + int(shake[step]), 50) for step in range(60)]
    path = steady_path(track_face(framer, frames(*walk), every=1), 25)
    assert len(path.crops) == 60
    assert len({crop.side for crop in path.crops}) == 1
    steps = np.diff([crop.centre[0] for crop in path.crops])
    assert (np.abs(np.diff(steps)) < 0.3).all()
    inner = [abs(path.at(i).centre[0] - walk[i][0] - 10) for i in range(60)]
    assert max(inner) < 5


def test_clips_on_their_side_are_turned(white_spots):
    def detect(picture: np.ndarray) -> list:
        boxes = white_spots(picture)
        return boxes if picture.shape[0] < picture.shape[1] else []

    framer = FaceFramer(detect, Framing(side=2.0), None, (32, 32))
    turned = [np.rot90(frame, -1) for frame in frames((70, 50), (70, 50))]
    track = track_face(framer, turned, every=1)
    assert track.turns == 1
    assert track.size == SIZE
    assert track.boxes[1].left == 70


def test_beyond_the_end_a_path_stays():
    path = CropPath(("a", "b"))
    assert [path.at(index) for index in (0, 1, 2, 9)] == ["a", "b", "b", "b"]


def cut_to(shade: int) -> list[np.ndarray]:
    """Four frames of one person, then four of another in its place, before another wall."""
    first, second = list(frames(*[(70, 50)] * 4)), list(frames(*[(72, 50)] * 4))
    return first + [np.maximum(frame, np.uint8(shade)) for frame in second]


def test_a_cut_to_another_person_in_the_same_place_is_told(framer):
    assert track_face(framer, cut_to(90), every=2).cuts == (4,)
    assert track_face(framer, cut_to(3), every=2).cuts == ()


def test_a_cut_that_loses_the_face_is_told_by_that_alone(framer):
    clip = frames(*[(20, 20)] * 4, *[(120, 90)] * 4)
    other = [frame if index < 4 else frame | 90 for index, frame in enumerate(clip)]
    track = track_face(framer, other, every=2)
    assert track.missed[0] == 4
    assert track.cuts == ()
