"""Jobs: work in a thread that can be watched, waited for and cancelled."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from fomm_core.animator import Frame
from fomm_core.pipeline.run import Progress, ProgressCallback
from fomm_demo.services.workspace import Workspace

T = TypeVar("T")

_WINDOW_SECONDS = 3.0
_POLL_SECONDS = 0.02
_RESULTS_KEPT = 5


class JobCancelledError(Exception):
    """The visitor cancelled, or left."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """How far a job is.

    Attributes:
        stage: ``"loading"`` (the model and the inputs), ``"searching"`` or ``"animating"``.
        done: frames done in this stage.
        total: frames in all, estimated; ``None`` if unknown.
        frame: (H, W, 3) uint8, the newest generated frame, or ``None``.
        rate: frames per second in the last seconds; 0 while that is not known.
    """

    stage: str = "loading"
    done: int = 0
    total: int | None = None
    frame: Frame | None = None
    rate: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the stage is done, estimated; ``None`` where that cannot be said."""
        if self.total is None or self.rate <= 0:
            return None
        return max(0, self.total - self.done) / self.rate


class Pace:
    """Measures events per second over the last few seconds."""

    def __init__(self, window_seconds: float = _WINDOW_SECONDS) -> None:
        self._window = window_seconds
        self._times: deque[float] = deque()

    def tick(self, now: float | None = None) -> float:
        """Count an event; return the rate, or 0 at the first.

        Args:
            now: seconds of a clock that only goes forward; by default that of the system.
        """
        now = time.monotonic() if now is None else now
        self._times.append(now)
        while len(self._times) > 2 and now - self._times[0] > self._window:
            self._times.popleft()
        span = now - self._times[0]
        return (len(self._times) - 1) / span if span > 0 else 0.0


class Job(Generic[T]):
    """Work in a thread of its own.

    Args:
        work: does it; it is given a callback to call after each frame, which raises
            :class:`JobCancelledError` once the job is cancelled.
    """

    def __init__(self, work: Callable[[ProgressCallback], T]) -> None:
        self._work = work
        self._cancelled = threading.Event()
        self._ended = threading.Event()
        self._outcome: Any = None
        self._error: BaseException | None = None
        self._pace = Pace()
        self._stage = ""
        self.snapshot = Snapshot()
        self._thread = threading.Thread(target=self._run, name="job", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether the thread is done, in whatever way."""
        return self._ended.is_set()

    def cancel(self) -> None:
        """Let the job end at its next frame; returns at once."""
        self._cancelled.set()

    async def wait(self, seconds: float) -> bool:
        """Wait for the end, at most this long, without holding a thread; whether it came."""
        until = time.monotonic() + seconds
        while not self.ended and time.monotonic() < until:
            await asyncio.sleep(_POLL_SECONDS)
        return self.ended

    def result(self) -> T:
        """Wait for the end; return what the work returned, or raise what it raised."""
        self._ended.wait()
        if self._error is not None:
            raise self._error
        outcome: T = self._outcome
        return outcome

    def _run(self) -> None:
        try:
            self._outcome = self._work(self._on_progress)
        except BaseException as error:  # noqa: BLE001 - raised by result()
            self._error = error
        finally:
            self._ended.set()

    def _on_progress(self, progress: Progress) -> None:
        if self._cancelled.is_set():
            raise JobCancelledError
        if progress.stage != self._stage:
            self._stage, self._pace = progress.stage, Pace()
        newest = progress.frame.prediction if progress.frame is not None else None
        # What comes before the first frame, such as loading the model, is not its pace.
        rate = self._pace.tick() if progress.done else 0.0
        self.snapshot = Snapshot(progress.stage, progress.done, progress.total, newest, rate)


class Sessions:
    """What belongs to each open page: its jobs and its results. Leaving ends and removes them.

    Args:
        workspace: where the results lie.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._guard = threading.Lock()
        self._jobs: defaultdict[str, list[Job[Any]]] = defaultdict(list)
        self._results: defaultdict[str, list[Path]] = defaultdict(list)
        self._cancelled: dict[str, float] = {}

    def begin(
        self, visit: str, work: Callable[[ProgressCallback], T], moment: float = math.inf
    ) -> Job[T]:
        """Begin a job.

        Args:
            visit: the page that wants it.
            work: what to do; see :class:`Job`.
            moment: when it was asked for, by the page's clock. On slow lines a cancellation
                may arrive before what it cancels; that is cancelled then as well.
        """
        job = Job(work)
        with self._guard:
            if moment <= self._cancelled.get(visit, -math.inf):
                job.cancel()
            running = [other for other in self._jobs[visit] if not other.ended]
            self._jobs[visit] = [*running, job]
        return job

    def keep(self, visit: str, result: Path) -> Path:
        """Remember a published result, and forget the oldest where there are many."""
        with self._guard:
            results = [*self._results[visit], result]
            self._results[visit] = results[-_RESULTS_KEPT:]
        for old in results[:-_RESULTS_KEPT]:
            self._workspace.withdraw(old)
        return result

    def cancel(self, visit: str, moment: float | None = None) -> None:
        """Cancel the jobs of a page, also those asked for before a moment of its clock."""
        with self._guard:
            jobs = self._jobs.pop(visit, [])
            if moment is not None:
                self._cancelled[visit] = moment
        for job in jobs:
            job.cancel()

    def leave(self, visit: str) -> None:
        """Cancel the jobs of a page and remove its results."""
        self.cancel(visit)
        with self._guard:
            self._cancelled.pop(visit, None)
            results = self._results.pop(visit, [])
        for result in results:
            self._workspace.withdraw(result)

    def running(self) -> int:
        """Number of jobs that run now."""
        with self._guard:
            return sum(not job.ended for jobs in self._jobs.values() for job in jobs)

    def close(self) -> None:
        """Cancel everything."""
        for visit in [*self._jobs, *self._results]:
            self.leave(visit)
