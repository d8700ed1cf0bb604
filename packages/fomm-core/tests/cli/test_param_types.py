"""What the types of options take, and what they refuse."""

from __future__ import annotations

from fractions import Fraction

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.cli.param_types import FiniteRange, FrameRate, ReachablePath


@given(st.fractions(min_value=Fraction(1, 1001), max_value=999, max_denominator=1001))
def test_a_rate_keeps_every_digit(rate):
    assert FrameRate()(f"{rate.numerator}/{rate.denominator}") == rate


@given(st.decimals(min_value="0.01", max_value=1000, places=3))
def test_a_decimal_rate_is_taken_as_typed(rate):
    assert FrameRate()(str(rate)) == Fraction(rate)


@pytest.mark.parametrize(
    "text",
    [
        *("", "abc", "nan", "inf", "0", "-1", "-1/2", "1/0", "1001", "1e999999999", "1/2/3"),
        *("25 fps", "9" * 5000, "1000001/1000003", "1/1000001", "٢٥", "0x10", "1_0"),
    ],
)
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(click.BadParameter, match=r"^expected a "):
        FrameRate()(text)


def test_a_path_that_cannot_be_looked_up_is_refused_in_a_short_message():
    with pytest.raises(click.BadParameter, match=r"^x{60}\.\.\.x{30}: File name too long$"):
        ReachablePath()("x" * 5000)


def test_an_empty_word_is_not_the_current_folder():
    with pytest.raises(click.BadParameter, match=r"^expected a path, found an empty word$"):
        ReachablePath()("")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "-1", "many", ""])
def test_a_number_within_limits_is_finite(text):
    assert FiniteRange(min=0)("2.5") == 2.5
    with pytest.raises(click.BadParameter):
        FiniteRange(min=0)(text)
