from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from fomm_core.animator import AnimatedFrame
from fomm_core.motion.keypoints import Keypoints
from fomm_core.pipeline.run import Progress
from fomm_demo.services.jobs import Job, JobCancelledError, Snapshot

KEYPOINTS = Keypoints(np.zeros((2, 2), np.float32))


def frame(level):
    image = np.full((4, 4, 3), level, np.uint8)
    return AnimatedFrame(0, image, None, KEYPOINTS, KEYPOINTS, KEYPOINTS, None)


def endless(on_progress):
    while True:
        on_progress(Progress("animating", 1, 9, frame(1)))
        threading.Event().wait(0.001)


def test_a_job_shows_its_newest_frame_and_returns_what_the_work_returns():
    def work(on_progress):
        on_progress(Progress("searching", 3, 3))
        on_progress(Progress("animating", 1, 2, frame(7)))
        return "done"

    job = Job(work)

    assert job.result() == "done"
    assert (job.snapshot.stage, job.snapshot.done, job.snapshot.total) == ("animating", 1, 2)
    assert job.snapshot.frame[0, 0, 0] == 7


def test_a_cancelled_job_ends_at_its_next_frame():
    job = Job(endless)
    job.cancel()

    with pytest.raises(JobCancelledError):
        job.result()


def test_waiting_ends_with_the_job_or_with_the_time():
    async def watch():
        job = Job(endless)
        assert not await job.wait(0.05)
        job.cancel()
        assert await job.wait(5)

    asyncio.run(watch())


def test_an_error_of_the_work_comes_out():
    def work(on_progress):
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        Job(work).result()


def test_what_comes_before_the_first_frame_does_not_count_as_its_pace():
    def work(on_progress):
        on_progress(Progress("animating", 0, 75))
        threading.Event().wait(0.2)
        for done in (1, 2, 3):
            on_progress(Progress("animating", done, 75))
            rates.append(job.snapshot.rate)

    rates: list[float] = []
    job = Job(work)
    job.result()

    assert rates[0] == 0
    assert min(rates[1:]) > 10


def test_the_time_left_follows_from_the_pace():
    assert Snapshot("animating", 10, 40, None, 15.0).seconds_left == 2.0
    assert Snapshot("animating", 50, 40, None, 15.0).seconds_left == 0.0
    assert Snapshot("animating", 10, None, None, 15.0).seconds_left is None
    assert Snapshot("animating", 10, 40, None, 0.0).seconds_left is None
