from __future__ import annotations

import pytest

from fomm_core.utils.pace import Pace

pytestmark = pytest.mark.once


def test_the_pace_is_that_of_the_last_seconds():
    pace = Pace(window_seconds=2.0)

    assert pace.tick(0.0) == 0
    for tenth in range(1, 100):
        rate = pace.tick(tenth / 10)
    assert rate == pytest.approx(10)
    for half in range(1, 20):
        rate = pace.tick(9.9 + half / 2)
    assert rate == pytest.approx(2)
