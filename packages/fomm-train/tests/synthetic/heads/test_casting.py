from __future__ import annotations

import numpy as np
import pytest

from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.heads.casting import draw_identity
from fomm_train.synthetic.heads.identity import CLOTHES, GLASSES, HAIR_STYLES, HATS

PEOPLE = [draw_identity(0, Split.TRAIN, number) for number in range(600)]


def test_equal_arguments_give_equal_people_and_others_do_not():
    assert draw_identity(0, Split.TRAIN, 5) == PEOPLE[5]
    assert draw_identity(0, Split.TEST, 5) != PEOPLE[5]
    assert draw_identity(1, Split.TRAIN, 5) != PEOPLE[5]
    assert len(set(PEOPLE)) == len(PEOPLE)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (HAIR_STYLES, {who.hair.style for who in PEOPLE}),
        (HATS, {who.hat.style for who in PEOPLE if who.hat}),
        (GLASSES, {who.glasses.style for who in PEOPLE if who.glasses}),
        (CLOTHES, {who.clothes.style for who in PEOPLE}),
    ],
)
def test_every_style_occurs(expected, found):
    assert found == set(expected)


def test_skins_range_from_dark_to_light():
    light = np.array([who.skin.colour for who in PEOPLE]).mean(axis=1)
    assert np.quantile(light, 0.05) < 0.1
    assert np.quantile(light, 0.95) > 0.5


def test_lamps_shine_from_unit_directions():
    for who in PEOPLE[:100]:
        assert 1 <= len(who.light.lamps) <= 3
        for lamp in who.light.lamps:
            assert np.linalg.norm(lamp.direction) == pytest.approx(1.0)
