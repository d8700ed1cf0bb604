"""One compiled model for all jobs: each waits its turn for every frame."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType

from fomm_core.engine.base import Engine, Rendering, SourceFeatures
from fomm_core.motion.keypoints import FloatArray, Keypoints


class FairLock:
    """A lock that is given in the order in which it was asked for.

    A plain lock goes to whoever runs first, which is mostly who had it last.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._held = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


class SharedEngine(Engine):
    """An engine that several threads use at once, in turns of one call.

    Memory does not grow with the number of jobs, and a short job is not kept waiting by a
    long one: of n jobs each gets every n-th frame.

    Args:
        engine: the engine; used by nobody else from now on.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._turn = FairLock()
        self.name = engine.name
        self.precision = engine.precision
        self.device, self.left_on_cpu = engine.device, engine.left_on_cpu
        self.frame_size = engine.frame_size
        self.timer = engine.timer

    def detect(self, image: FloatArray) -> Keypoints:
        with self._turn:
            return self._engine.detect(image)

    def encode(self, image: FloatArray) -> SourceFeatures:
        with self._turn:
            return self._engine.encode(image)

    def render(
        self,
        features: SourceFeatures,
        kp_source: Keypoints,
        kp_driving: Keypoints,
        diagnostics: bool = False,
    ) -> Rendering:
        with self._turn:
            return self._engine.render(features, kp_source, kp_driving, diagnostics)

    def close(self) -> None:
        with self._turn:
            super().close()
            self._engine.close()
