from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.video.timing import Span, Timed, resample

pytestmark = pytest.mark.once

RATES = [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60)]


def timed(starts, last=Fraction(1, 25)):
    """Frames 0, 1, ... at the given times, each until the next."""
    starts = [Fraction(start) for start in starts]
    ends = [*starts[1:], starts[-1] + last] if starts else []
    frames = zip(starts, ends, strict=True)
    return [Timed(start, end - start, n) for n, (start, end) in enumerate(frames)]


@given(st.sampled_from(RATES), st.integers(1, 200), st.sampled_from([1, 10, 1000]))
def test_stamps_rounded_to_a_thousandth_change_nothing(rate, count, ticks):
    starts = [Fraction(round(n / rate * 1000 * ticks), 1000 * ticks) for n in range(count)]

    assert list(resample(timed(starts, 1 / rate), rate, Span())) == list(range(count))


@given(st.lists(st.integers(1, 500), min_size=1, max_size=60), st.sampled_from(RATES))
def test_length_and_order_are_kept_at_any_times(gaps, rate):
    starts = [Fraction(sum(gaps[:n]), 1000) for n in range(len(gaps))]
    length = Fraction(sum(gaps), 1000)

    shown = list(resample(timed(starts, length - starts[-1]), rate, Span()))

    assert shown == sorted(shown)
    assert shown[-1] == len(gaps) - 1
    assert abs(len(shown) - length * rate) <= 1.5


@given(
    st.lists(st.integers(1, 200), min_size=1, max_size=40),
    st.integers(0, 30),
    st.one_of(st.none(), st.integers(1, 60)),
)
def test_a_span_is_a_slice_of_the_whole(gaps, first, stop):
    starts = [Fraction(sum(gaps[:n]), 1000) for n in range(len(gaps))]
    whole = list(resample(timed(starts), Fraction(25), Span()))

    part = list(resample(timed(starts), Fraction(25), Span(first, stop)))

    assert part == whole[first:stop]


def test_gaps_show_the_frame_before_and_collisions_the_later_one():
    starts = [0, "0.04", "0.16", "0.17", "0.20"]

    assert list(resample(timed(starts), Fraction(25), Span())) == [0, 1, 1, 1, 3, 4]


def test_the_time_before_the_first_frame_shows_the_first():
    assert list(resample(timed(["0.08", "0.12"]), Fraction(25), Span())) == [0, 0, 0, 1]


def test_frames_after_the_span_are_not_asked_for():
    def frames():
        yield from timed(["0", "0.04", "0.08"])
        pytest.fail("asked for more")

    assert list(resample(frames(), Fraction(25), Span(0, 2))) == [0, 1]


def test_nothing_gives_nothing():
    assert list(resample([], Fraction(25), Span())) == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, Span(0, None)),
        (1.0, 2.0, Span(25, 50)),
        (0.1, 0.3, Span(3, 8)),
        (1.0, 1.001, Span(25, 26)),
        (None, 0.2, Span(0, 5)),
    ],
)
def test_spans_of_seconds(start, end, expected):
    assert Span.of_seconds(start, end, Fraction(25)) == expected


@pytest.mark.parametrize(
    ("span", "total", "count"),
    [
        (Span(), 10, 10),
        (Span(), None, None),
        (Span(3, 5), None, 2),
        (Span(3, 50), 10, 7),
        (Span(30), 10, 0),
    ],
)
def test_counting_a_span(span, total, count):
    assert span.count_within(total) == count
