"""Sessions: the jobs and results of each open page."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from fomm_core.pipeline.run import ProgressCallback
from fomm_demo.services.jobs import Job
from fomm_demo.services.session_cache import SessionCache
from fomm_demo.services.workspace import Workspace

T = TypeVar("T")

MOST_SESSIONS = 10_000
"""So many sessions are remembered; the one longest unused is ended for another."""

_RESULTS_KEPT = 5
_GRACE_SECONDS = 3.0


@dataclass(eq=False)
class _Session:
    jobs: list[Job[Any]] = field(default_factory=list)
    results: list[Path] = field(default_factory=list)
    cancelled: float = -math.inf

    def running(self) -> int:
        return sum(not job.ended for job in self.jobs)


class Sessions:
    """The jobs and results of each open page. Leaving, or long silence, ends and removes them.

    Args:
        workspace: where the results lie.
        seconds: a session without a job ends, at the next :meth:`expire`, after so long.
    """

    def __init__(self, workspace: Workspace, seconds: float) -> None:
        self._workspace = workspace
        self._guard = threading.RLock()
        self._sessions: SessionCache[_Session] = SessionCache(
            MOST_SESSIONS, seconds, self._end, lambda session: session.running() > 0
        )

    def __len__(self) -> int:
        """Number of sessions that are remembered."""
        return len(self._sessions)

    def begin(
        self, session: str, work: Callable[[ProgressCallback], T], moment: float = math.inf
    ) -> Job[T]:
        """Begin a job.

        Args:
            session: the page that wants it.
            work: what to do; see :class:`Job`.
            moment: when it was asked for, by the page's clock. On slow lines a cancellation
                may arrive before what it cancels; that is cancelled then as well.
        """
        job = Job(work)
        with self._guard:
            state = self._state(session)
            if moment <= state.cancelled:
                job.cancel()
            state.jobs = [*(other for other in state.jobs if not other.ended), job]
        return job

    def keep(self, session: str, result: Path) -> Path:
        """Remember a published result, and remove the oldest where there are many."""
        with self._guard:
            state = self._state(session)
            results = [*state.results, result]
            state.results = results[-_RESULTS_KEPT:]
        for old in results[:-_RESULTS_KEPT]:
            self._workspace.withdraw(old)
        return result

    def cancel(self, session: str, moment: float) -> None:
        """Cancel the jobs of a page, also those asked for before a moment of its clock."""
        with self._guard:
            state = self._state(session)
            state.cancelled = moment
            for job in state.jobs:
                job.cancel()

    def leave(self, session: str) -> None:
        """Cancel the jobs of a page and remove its results."""
        with self._guard:
            self._sessions.forget(session)

    def running(self) -> int:
        """Number of jobs that run now."""
        with self._guard:
            return sum(state.running() for state in self._sessions.values())

    def expire(self) -> None:
        """End the sessions that were silent for long, and forget the jobs that ended."""
        with self._guard:
            self._sessions.expire()
            for state in self._sessions.values():
                state.jobs = [job for job in state.jobs if not job.ended]

    def close(self) -> None:
        """Cancel all jobs, wait a moment for their ends, and remove all results."""
        with self._guard:
            jobs = [job for state in self._sessions.values() for job in state.jobs]
            self._sessions.clear()
        until = time.monotonic() + _GRACE_SECONDS
        for job in jobs:
            job.join(max(0.0, until - time.monotonic()))

    def _state(self, session: str) -> _Session:
        state = self._sessions.get(session)
        if state is None:
            state = _Session()
            self._sessions.put(session, state)
        return state

    def _end(self, state: _Session) -> None:
        for job in state.jobs:
            job.cancel()
        for result in state.results:
            self._workspace.withdraw(result)
