from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fomm_train.data.rng import generator

keys = st.tuples(
    st.integers(0, 2**63), st.sampled_from(["a", "b"]), st.integers(0, 9), st.integers(0, 2**40)
)


@given(keys, keys)
def test_draws_depend_on_nothing_but_what_they_are_for(first, second):
    one, again, other = (
        generator(*key).integers(0, 2**62, 3).tolist() for key in (first, first, second)
    )
    assert one == again
    assert (one == other) == (first == second)
