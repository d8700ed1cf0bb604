from __future__ import annotations

import threading
import time

import pytest

from fomm_core.pipeline.run import Progress
from fomm_demo.services import sessions as sessions_module
from fomm_demo.services.jobs import JobCancelledError
from fomm_demo.services.sessions import Sessions


def endless(on_progress):
    while True:
        on_progress(Progress("animating", 1, 9))
        threading.Event().wait(0.001)


def published(workspace):
    with workspace.job_folder() as folder:
        (folder / "a").write_text("a")
        return workspace.publish(folder / "a", "a.mp4")


def test_leaving_cancels_the_jobs_and_removes_the_results_of_that_page_alone(workspace):
    sessions = Sessions(workspace, 60)
    mine, other = sessions.begin("mine", endless), sessions.begin("other", endless)
    with workspace.job_folder() as folder:
        (folder / "a").write_text("a")
        result = sessions.keep("mine", workspace.publish(folder / "a", "a.mp4"))

    assert sessions.running() == 2
    sessions.leave("mine")
    with pytest.raises(JobCancelledError):
        mine.result()
    assert not result.exists()
    assert not other.ended
    sessions.close()
    with pytest.raises(JobCancelledError):
        other.result()


def test_a_cancellation_also_ends_what_was_asked_for_before_but_comes_later(workspace):
    sessions = Sessions(workspace, 60)
    sessions.cancel("mine", moment=20.0)
    late, new = sessions.begin("mine", endless, 19.0), sessions.begin("mine", endless, 21.0)

    with pytest.raises(JobCancelledError):
        late.result()
    assert not new.ended
    sessions.close()


def test_a_page_keeps_its_newest_results_only(workspace):
    sessions = Sessions(workspace, 60)
    results = []
    for number in range(7):
        with workspace.job_folder() as folder:
            (folder / "a").write_text(str(number))
            results.append(sessions.keep("mine", workspace.publish(folder / "a", "a.mp4")))

    assert [result.exists() for result in results] == [False] * 2 + [True] * 5


def test_a_session_ends_after_long_silence_but_not_while_its_job_runs(workspace):
    sessions = Sessions(workspace, seconds=0.05)
    silent = sessions.keep("silent", published(workspace))
    busy = sessions.keep("busy", published(workspace))
    job = sessions.begin("busy", endless)
    time.sleep(0.1)
    sessions.expire()

    assert (silent.exists(), busy.exists(), job.ended) == (False, True, False)
    job.cancel()
    with pytest.raises(JobCancelledError):
        job.result()
    sessions.expire()
    assert not busy.exists()


def test_nothing_is_remembered_of_sessions_that_ended(workspace):
    sessions = Sessions(workspace, seconds=0.0)
    for number in range(100):
        sessions.cancel(f"page {number}", moment=1.0)
    time.sleep(0.01)
    sessions.expire()

    assert len(sessions) == 0


def test_many_sessions_are_bounded_and_those_at_work_stay(workspace, monkeypatch):
    monkeypatch.setattr(sessions_module, "MOST_SESSIONS", 3)
    sessions = Sessions(workspace, 60)
    job = sessions.begin("at work", endless)
    first = sessions.keep("first", published(workspace))
    for number in range(5):
        sessions.cancel(f"page {number}", moment=1.0)

    assert len(sessions) == 3
    assert (first.exists(), job.ended) == (False, False)
    sessions.close()


def test_closing_waits_for_the_jobs_that_it_cancels_and_not_for_one_that_goes_on(
    workspace, monkeypatch
):
    monkeypatch.setattr(sessions_module, "_GRACE_SECONDS", 0.05)
    release = threading.Event()

    def deaf(on_progress):
        release.wait(10)

    sessions = Sessions(workspace, 60)
    stuck = sessions.begin("mine", deaf)
    sessions.close()
    assert not stuck.ended
    release.set()

    monkeypatch.setattr(sessions_module, "_GRACE_SECONDS", 10.0)
    jobs = [sessions.begin(page, endless) for page in ("mine", "mine", "other")]
    sessions.cancel("other", moment=1.0)
    sessions.close()
    assert all(job.ended for job in jobs)
