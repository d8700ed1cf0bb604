from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from fomm_train.synthetic.drawn.casting import draw_identity
from fomm_train.synthetic.drawn.motion import draw_motion
from fomm_train.synthetic.drawn.palette import distance
from fomm_train.synthetic.drawn.pose import NEUTRAL
from fomm_train.synthetic.drawn.renderer import Renderer
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


def test_avatars_are_those_of_earlier_versions():
    """The embedded model's data are drawn again from their seeds."""
    drawn = draw_identity(5, Split.BENCHMARK, 3)
    assert (drawn.hair.seed, drawn.background.seed) == (186673769, 41732701)
    assert (drawn.head.skin, drawn.head.jaw) == ((143, 90, 61), 0.335303274071381)
    # Every hair and cloud is drawn from these seeds; a processor may round a value otherwise.
    seen = Renderer(64).render(drawn, NEUTRAL)[4::14, 4::14].mean(axis=2)
    expected = [
        [106.67, 107.33, 121.67, 121.0, 104.67],
        [135.0, 162.33, 98.0, 162.33, 115.0],
        [108.0, 158.0, 101.67, 162.33, 120.67],
        [107.0, 108.0, 86.67, 107.0, 105.33],
        [105.33, 95.33, 95.33, 95.33, 113.67],
    ]
    np.testing.assert_allclose(seen, expected, atol=1)
