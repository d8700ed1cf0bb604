from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.utils.rng import make_rng

keys = st.tuples(
    st.integers(0, 2**63), st.sampled_from(["a", "b"]), st.integers(0, 9), st.integers(0, 2**40)
)


@given(keys, keys)
def test_draws_depend_on_nothing_but_what_they_are_for(first, second):
    one, again, other = (
        make_rng(*key).integers(0, 2**62, 3).tolist() for key in (first, first, second)
    )
    assert one == again
    assert (one == other) == (first == second)


@pytest.mark.parametrize(
    ("key", "drawn"),
    [
        ((7, "order", 3), [351480085, 1980119663, 1851060312, 1628657705]),
        ((2**40 + 5, "frames", 1, 2**33), [13561594, 1032985724, 165973572, 931111993]),
    ],
)
def test_draws_are_those_of_earlier_versions(key, drawn):
    """Otherwise trainings would not resume exactly, and data sets would not be drawn again."""
    assert make_rng(*key).integers(0, 2**31, 4).tolist() == drawn


@pytest.mark.parametrize(
    ("key", "drawn"),
    [
        ((0, "augment"), [0.6346302953709434, 0.7296536926028498]),
        ((123456789,), [0.5612297928721389, 0.9733538579378513]),
        ((2**40 + 1,), [0.3161681328527398, 0.29948891022079727]),
    ],
)
def test_fractions_are_those_of_earlier_versions(key, drawn):
    assert make_rng(*key).random(2).tolist() == drawn
