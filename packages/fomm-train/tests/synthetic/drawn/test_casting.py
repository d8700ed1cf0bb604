from __future__ import annotations

from dataclasses import astuple

import pytest

from fomm_train.synthetic.drawn.casting import draw_identity
from fomm_train.synthetic.drawn.motion import draw_motion
from fomm_train.synthetic.drawn.palette import distance
from fomm_train.synthetic.draws import Split


def test_equal_arguments_give_equal_identities():
    assert draw_identity(3, Split.TRAIN, 7) == draw_identity(3, Split.TRAIN, 7)


@pytest.mark.parametrize("other", [(4, Split.TRAIN, 7), (3, Split.TEST, 7), (3, Split.TRAIN, 8)])
def test_each_argument_matters(other):
    assert draw_identity(3, Split.TRAIN, 7) != draw_identity(*other)


def test_no_identity_occurs_in_two_parts():
    parts = [{draw_identity(0, split, number) for number in range(200)} for split in Split]
    assert [len(part) for part in parts] == [200, 200, 200]
    assert len(set().union(*parts)) == 600


def test_no_motion_occurs_in_two_parts():
    tracks = {
        draw_motion(0, split, number, 8).track.tobytes() for split in Split for number in range(50)
    }
    assert len(tracks) == 150


def test_features_are_big():
    for number in range(200):
        who = draw_identity(1, Split.TRAIN, number)
        assert 0.4 <= who.head.half_width <= 0.54
        assert 0.2 <= who.eyes.half_width / who.head.half_width <= 0.35


def test_hair_stands_out_from_the_skin():
    for number in range(300):
        who = draw_identity(2, Split.TRAIN, number)
        assert distance(who.hair.colour, who.head.skin) > 60


def test_colours_are_bytes():
    def check(value: object) -> None:
        if isinstance(value, tuple):
            for part in value:
                check(part)
        elif isinstance(value, int) and not isinstance(value, bool):
            assert value >= -1

    for number in range(100):
        who = draw_identity(0, Split.TEST, number)
        check(astuple(who))
        colours = (who.head.skin, who.eyes.iris, who.hair.colour, *who.background.colours)
        assert all(0 <= channel <= 255 for colour in colours for channel in colour)
