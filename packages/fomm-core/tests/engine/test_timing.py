from __future__ import annotations

from fomm_core.engine import timing
from fomm_core.engine.timing import StageTimer


def test_it_gives_the_mean(monkeypatch):
    times = iter([0.0, 1.0, 10.0, 13.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(times))
    timer = StageTimer()
    for _ in range(2):
        with timer.measure("motion"):
            pass
    assert timer.mean_ms() == {"motion": 2000.0}
