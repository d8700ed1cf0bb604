"""Continuous animation: one frame in, one frame out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fomm_core.animator import Frame
from fomm_core.face.track import CropPath, steady_path, track_face
from fomm_core.image import read_image
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.prepare import PreparedSource, prepare_source
from fomm_core.utils.pace import Pace
from fomm_demo.services.animation import AnimationService, for_one_square
from fomm_demo.services.session_cache import SessionCache
from fomm_demo.services.uploads import hide_paths_in_errors, take_picture

MOST_SESSIONS = 32
"""So many pages may be live at once; the one longest unused is forgotten for another."""

_IDLE_SECONDS = 60.0


@dataclass(frozen=True)
class LiveOptions:
    """Options of a live animation.

    Attributes:
        source: the picture, as uploaded.
        model: name of a model on offer.
        options: how; those of the motion and of the face count.
    """

    source: Path
    model: str
    options: AnimationOptions = field(default_factory=AnimationOptions)


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """One animated frame and how fast it came.

    Attributes:
        picture: (H, W, 3) uint8.
        rate: frames per second in the last seconds; 0 at the first.
        latency_s: from the frame's arrival to its animation, in seconds.
    """

    picture: Frame
    rate: float
    latency_s: float


class LiveSession:
    """A source that follows frames as they come; its first frame is the pose to begin with.

    Frames are cropped to the square of the face in the first one, where the source's are found.

    Args:
        source: in a model's hands.
        size: (height, width) of the model's frames.
        options: what it was made for.
    """

    def __init__(self, source: PreparedSource, size: tuple[int, int], options: LiveOptions) -> None:
        self.options = options
        self._framer = source.framer
        self._size = size
        self._turn = threading.Lock()
        self._inbox: list[Frame] = []
        self._animated = source.animators[0].run(self._arriving())
        self._pace = Pace()

    def follow(self, frame: Frame) -> LiveFrame:
        """Animate the next frame, (H, W, 3) uint8 of any size."""
        began = time.monotonic()
        with self._turn:
            self._inbox.append(frame)
            picture = next(self._animated).prediction
            return LiveFrame(picture, self._pace.tick(), time.monotonic() - began)

    def _arriving(self) -> Iterator[Frame]:
        squares = self._squares_of(self._inbox[0])
        while self._inbox:
            frame = self._inbox.pop()
            yield frame if squares is None else squares.cut_frame(0, frame, self._size)

    def _squares_of(self, frame: Frame) -> CropPath | None:
        """The square of the face in a frame; ``None`` where there is none, or is the frame."""
        track = None if self._framer is None else track_face(self._framer, [frame], every=1)
        if track is None:
            return None
        squares = steady_path(track, 1.0)
        return None if squares.is_framed(track.size) else squares


class LiveService:
    """The live sessions of all open pages.

    Args:
        animation: the models and limits.
    """

    def __init__(self, animation: AnimationService) -> None:
        self._animation = animation
        self._sessions: SessionCache[LiveSession] = SessionCache(MOST_SESSIONS, _IDLE_SECONDS)

    def follow(self, session: str, options: LiveOptions, frame: Frame) -> LiveFrame:
        """Animate a page's next frame; other options, and any error, let it begin anew.

        Args:
            session: the page.
            options: what is to be animated.
            frame: (H, W, 3) uint8 of any size.

        Raises:
            FommError: the picture or the frame cannot be used.
        """
        live = self._sessions.get(session)
        if live is None or live.options != options:
            live = self._start(options)
            self._sessions.put(session, live)
        try:
            return live.follow(frame)
        except BaseException:
            self.reset(session)  # a generator that failed yields nothing any more
            raise

    def reset(self, session: str) -> None:
        """Take the next frame of a page as the pose to begin with; also when it leaves."""
        self._sessions.forget(session)

    def expire(self) -> None:
        """Forget the sessions that were not used for long."""
        self._sessions.expire()

    def _start(self, options: LiveOptions) -> LiveSession:
        with self._animation.workspace.job_folder() as folder, hide_paths_in_errors(folder):
            picture = read_image(take_picture(options.source, folder, self._animation.limits))
        model = self._animation.models.get(options.model)
        source = prepare_source(model, picture, for_one_square(options.options))
        return LiveSession(source, model.frame_size, options)
