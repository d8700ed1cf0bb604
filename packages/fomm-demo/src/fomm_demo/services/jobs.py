"""Jobs: work in a thread that can be watched, waited for and cancelled."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fomm_core.animator import Frame
from fomm_core.pipeline.run import Progress, ProgressCallback
from fomm_core.utils.pace import Pace

T = TypeVar("T")

_POLL_SECONDS = 0.02


class JobCancelledError(Exception):
    """A job whose visitor cancelled it, or left."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Progress of a job.

    Attributes:
        stage: ``"loading"`` (the model and the inputs), ``"finding"``, ``"searching"`` or
            ``"animating"``.
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
        self._result: Any = None
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

    def join(self, seconds: float) -> None:
        """Wait for the end, at most this long."""
        self._ended.wait(seconds)

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
        result: T = self._result
        return result

    def _run(self) -> None:
        try:
            self._result = self._work(self._on_progress)
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
