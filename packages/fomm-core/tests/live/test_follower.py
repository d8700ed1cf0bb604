from __future__ import annotations

import numpy as np
import pytest

from fomm_core.face.framer import FaceFramer
from fomm_core.image import to_network
from fomm_core.live.follower import FaceFollower
from white_spots import WhiteSpots, spots_at

pytestmark = pytest.mark.once

STEP = 0.04


class Clock:
    """A clock on which each look of the detector takes as long as the test says."""

    def __init__(self, cost: float) -> None:
        self.now, self.cost = 0.0, cost

    def __call__(self) -> float:
        self.now += self.cost
        return self.now


@pytest.fixture
def follow(model):
    """Follows faces through frames; the squares, and how often the detector looked."""

    def run(frames, cost=0.0):
        spots, detect = WhiteSpots(), model.engine.detect
        framer = FaceFramer(spots, model.framing, detect, model.frame_size)
        follower, squares = FaceFollower(framer, Clock(cost)), []
        for index, frame in enumerate(frames):
            square = follower.square(frame, index * STEP)
            squares.append(square)
            if square is not None:
                cut = square.cut(frame, model.frame_size)
                follower.observe(detect(to_network(cut)), index * STEP)
        return squares, spots.looks

    return run


def test_small_movements_are_the_heads_own(follow):
    squares, _ = follow([spots_at(left) for left in (140, 144, 148, 144, 140) * 10])
    assert len(set(squares)) == 1


def test_a_face_that_goes_far_is_followed_without_jumps(follow):
    squares, _ = follow([spots_at(round(left)) for left in np.linspace(80, 200, 100)])
    centres = np.array([square.centre[0] for square in squares])
    faces = np.linspace(80, 200, 100) + 20
    assert np.abs(faces - centres).max() < 30
    assert 0 < np.diff(centres).max() < 4
    assert centres[-1] > centres[0] + 80


def test_the_slower_the_detector_the_rarer_its_looks(follow):
    frames = [spots_at(140)] * 100
    assert follow(frames)[1] == pytest.approx(20, abs=2)
    assert follow(frames, cost=0.04)[1] == pytest.approx(4, abs=1)  # one in a second


def test_a_face_that_is_gone_is_told_and_found_again_elsewhere(follow):
    frames = [spots_at(60)] * 10 + [spots_at()] * 80 + [spots_at(240)] * 30
    squares, _ = follow(frames)
    assert squares[40:90] == [None] * 50
    assert squares[-1].centre[0] == pytest.approx(260, abs=15)


def test_the_same_person_is_waited_for_and_then_another_is_taken(follow):
    frames = [spots_at(60)] * 10 + [spots_at(240)] * 100
    squares, _ = follow(frames)
    assert None in squares[15:60]
    assert squares[-1].centre[0] == pytest.approx(260, abs=15)
    assert squares.index(next(s for s in squares if s and s.centre[0] > 200)) > 50


def test_a_larger_person_who_comes_in_is_left_aside(follow):
    beside = spots_at(60)
    beside[120:200, 220:300] = 255
    squares, _ = follow([spots_at(60)] * 10 + [beside] * 60)
    assert all(square.centre[0] < 120 for square in squares)
