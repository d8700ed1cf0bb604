"""Live session: a source that follows frame after frame, whatever happens before the camera."""

from __future__ import annotations

from dataclasses import dataclass

from fomm_core.animator import AnimatedFrame
from fomm_core.image import ByteArray
from fomm_core.live.follower import FaceFollower
from fomm_core.live.frame import Hint, LiveFrame, Phase
from fomm_core.live.hints import hints_for
from fomm_core.live.options import LiveOptions
from fomm_core.live.reference import ReferenceSearch
from fomm_core.live.source import LiveSource
from fomm_core.motion.keypoints import Keypoints
from fomm_core.motion.smoothing import OneEuroFilter
from fomm_core.motion.transfer import MotionTransfer

_USUAL_RATE = 25.0
_SHORTEST_GAP = 1e-3


@dataclass(frozen=True, eq=False)
class _Seen:
    """A driving frame: what was cut out of it, its keypoints, and advice."""

    driving: ByteArray
    keypoints: Keypoints
    hints: tuple[Hint, ...]


class LiveSession:
    """A source that follows the frames of a camera, one after the other.

    The first frames with a face decide which pose stands for the source's own
    (:class:`~fomm_core.live.reference.ReferenceSearch`); until then the source stands still. Where
    the face is lost the last picture is held. An error in one frame leaves the session as it was.
    Used from one thread at a time.

    Args:
        source: to begin with.
        options: to begin with.

    Attributes:
        source: the one that moves now.
        options: as they are now.
    """

    _transfer: MotionTransfer | None
    _still: ByteArray | None
    _held: ByteArray | None
    _search: ReferenceSearch | None

    def __init__(self, source: LiveSource, options: LiveOptions = LiveOptions()) -> None:  # noqa: B008 - it cannot change
        self.source = source
        self.options = options
        self._count = 0
        self._last: LiveFrame | None = None
        self._start_over()

    def follow(self, frame: ByteArray, seconds: float) -> LiveFrame:
        """Animate the source as the camera's newest frame says.

        Args:
            frame: (H, W, 3) uint8, RGB, of any size.
            seconds: its time stamp. A frame that is not later than the last one is passed over.

        Returns:
            The frame to show; the last one where this one came too late.

        Raises:
            MotionError, EngineError: the model fails on it.
        """
        if self._last is not None and seconds <= self._last.seconds:
            return self._last
        seen = self._see(frame[:, ::-1] if self.options.mirror else frame, seconds)
        self._last = self._hold(seconds) if seen is None else self._show(seen, seconds)
        return self._last

    def take_reference(self) -> None:
        """Let the next frame's pose stand for the source's own."""
        self._search, self._takes_next = None, True

    def find_reference(self) -> None:
        """Look for a better reference; until it is found the present one stays."""
        self._search, self._takes_next = ReferenceSearch(self.options.search_seconds), False

    def switch(self, source: LiveSource) -> None:
        """Let another source of the same model go on with the movement."""
        self.source = source
        self._transfer = self._still = self._held = None

    def change(self, options: LiveOptions) -> None:
        """Change the options; another side of the mirror looks for a new reference."""
        mirrored = options.mirror != self.options.mirror
        self.options, self._transfer = options, None
        if mirrored:
            self._start_over()

    def _start_over(self) -> None:
        framer = self.source.framer
        self._follower = None if framer is None else FaceFollower(framer)
        self._reference: Keypoints | None = None
        self._transfer = self._still = self._held = None
        self._smoother = OneEuroFilter(_USUAL_RATE)
        self._smoothed_at: float | None = None
        self.find_reference()

    def _see(self, frame: ByteArray, seconds: float) -> _Seen | None:
        """Find the face and its keypoints; ``None`` where there is none."""
        square = None
        if self._follower is not None:
            square = self._follower.square(frame, seconds)
            if square is None:
                return None
        driving = self.source.cut(frame, square)
        keypoints = self.source.animator.detect(driving)
        if not keypoints.is_finite:
            return None
        if self._follower is not None:
            self._follower.observe(keypoints, seconds)
        hints = hints_for(frame, square, driving)
        return _Seen(driving, self._smoothed(keypoints, seconds), hints)

    def _smoothed(self, keypoints: Keypoints, seconds: float) -> Keypoints:
        if not self.options.smooth:
            return keypoints
        gap = None if self._smoothed_at is None else seconds - self._smoothed_at
        self._smoothed_at = seconds
        return self._smoother(keypoints, None if gap is None else max(gap, _SHORTEST_GAP))

    def _show(self, seen: _Seen, seconds: float) -> LiveFrame:
        self._choose_reference(seen.keypoints, seconds)
        countdown = None if self._search is None else self._search.seconds_left
        if self._reference is None:
            hints: tuple[Hint, ...] = (*seen.hints, "look straight ahead")
            return LiveFrame(self._standing(), seconds, "searching", countdown, hints)
        if self._transfer is None:
            self._transfer = self.source.animator.transfer(self._reference, self.options.gain)
        animated = self._render(seen.driving, seen.keypoints, self._transfer)
        self._held = self.source.view(animated)
        return LiveFrame(self._held, seconds, "live", countdown, seen.hints, animated.keypoints)

    def _choose_reference(self, keypoints: Keypoints, seconds: float) -> None:
        """Take the reference that was asked for, or go on looking for it."""
        if self._takes_next:
            self._reference, self._transfer, self._takes_next = keypoints, None, False
        elif self._search is not None:
            self._search.add(keypoints, seconds)
            if self._search.seconds_left == 0:
                self._reference = self._search.result(self.source.animator.kp_source)
                self._search, self._transfer = None, None

    def _hold(self, seconds: float) -> LiveFrame:
        """The last picture once more, or the source as it is."""
        picture = self._standing() if self._held is None else self._held
        phase: Phase = "lost" if self._reference is not None else "waiting"
        countdown = None if self._search is None else self._search.seconds_left
        return LiveFrame(picture, seconds, phase, countdown, ("show your face",))

    def _standing(self) -> ByteArray:
        """The source in its own pose, as the model renders it."""
        if self._still is None:
            own = self.source.animator.kp_source
            transfer = self.source.animator.transfer(own)
            self._still = self.source.view(self._render(None, own, transfer))
        return self._still

    def _render(
        self, driving: ByteArray | None, keypoints: Keypoints, transfer: MotionTransfer
    ) -> AnimatedFrame:
        number, self._count = self._count, self._count + 1
        animator, diagnostics = self.source.animator, self.source.needs_diagnostics
        return animator.render(number, driving, keypoints, transfer, diagnostics)
