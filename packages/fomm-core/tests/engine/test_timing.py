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
    with timer.measure("both", lambda: {"motion": 0.25, "decoder": 0.75}):
        pass
    with timer.measure("keypoints"):
        pass
    assert timer.mean_ms() == {"motion": 500.0, "decoder": 1500.0, "keypoints": 1000.0}
    timer.reset()
    assert timer.mean_ms() == {}


def test_a_stage_that_runs_alone_and_in_others_has_one_mean(monkeypatch):
    times = iter([0.0, 2.0, 10.0, 14.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(times))
    timer = StageTimer()
    with timer.measure("both", lambda: {"motion": 0.25, "decoder": 0.75}):
        pass
    with timer.measure("decoder"):
        pass
    assert timer.mean_ms() == {"motion": 500.0, "decoder": 2750.0}


def test_settled_shares_are_asked_for_no_more(monkeypatch):
    times = iter([0.0, 2.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(times))
    timer, shares = StageTimer(), {"motion": 0.5, "decoder": 0.5}
    with timer.measure("both", lambda: shares):
        pass
    timer.settle()
    shares.clear()
    assert timer.mean_ms() == {"motion": 1000.0, "decoder": 1000.0}
