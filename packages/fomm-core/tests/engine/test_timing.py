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


def test_stages_that_run_as_one_share_their_time(monkeypatch):
    times = iter([0.0, 2.0, 10.0, 11.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(times))
    timer = StageTimer()
    timer.divide("both", lambda: {"motion": 0.25, "decoder": 0.75})
    with timer.measure("both"):
        pass
    with timer.measure("keypoints"):
        pass
    assert timer.mean_ms() == {"motion": 500.0, "decoder": 1500.0, "keypoints": 1000.0}
    timer.reset()
    assert timer.mean_ms() == {}
