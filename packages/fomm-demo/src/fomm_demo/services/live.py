"""Continuous animation: one frame in, one frame out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fomm_core.animator import Animator, Frame
from fomm_core.errors import FommError
from fomm_core.image import read_image
from fomm_core.motion.transfer import MotionMode
from fomm_demo.services.animation import AnimationService
from fomm_demo.services.jobs import Pace
from fomm_demo.services.session_cache import SessionCache
from fomm_demo.services.uploads import hide_paths_in_errors, take_picture

MOST_PUPPETS = 32
"""So many pages may be live at once; the one longest unused is forgotten for another."""

_IDLE_SECONDS = 60.0


@dataclass(frozen=True)
class LiveOptions:
    """What is to be animated live.

    Attributes:
        source: the picture, as uploaded.
        model: name of a model on offer.
        motion: how the movement is transferred.
    """

    source: Path
    model: str
    motion: MotionMode = "relative"


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

    Args:
        animator: the source in a model's hands.
        wish: what it was made for.
    """

    def __init__(self, animator: Animator, wish: LiveOptions) -> None:
        self.wish = wish
        self._turn = threading.Lock()
        self._inbox: list[Frame] = []
        self._animated = animator.run(self._arriving())
        self._pace = Pace()

    def follow(self, frame: Frame) -> LiveFrame:
        """Animate the next frame, (H, W, 3) uint8 of any size."""
        began = time.monotonic()
        with self._turn:
            self._inbox.append(frame)
            picture = next(self._animated).prediction
            return LiveFrame(picture, self._pace.tick(), time.monotonic() - began)

    def _arriving(self) -> Iterator[Frame]:
        while self._inbox:
            yield self._inbox.pop()


class Stage:
    """The puppets of all open pages.

    Args:
        studio: the models and limits.
    """

    def __init__(self, studio: AnimationService) -> None:
        self._studio = studio
        self._puppets: SessionCache[LiveSession] = SessionCache(MOST_PUPPETS, _IDLE_SECONDS)

    def follow(self, visit: str, wish: LiveOptions, frame: Frame) -> LiveFrame:
        """Animate a page's next frame; another wish begins anew.

        Raises:
            FommError: the picture or the frame cannot be used.
        """
        puppet = self._puppets.get(visit)
        if puppet is None or puppet.wish != wish:
            puppet = self._prepare(wish)
            self._puppets.put(visit, puppet)
        try:
            return puppet.follow(frame)
        except FommError:
            self.reset(visit)  # after an error nothing follows any more
            raise

    def reset(self, visit: str) -> None:
        """Take the next frame of a page as the pose to begin with; also when it leaves."""
        self._puppets.forget(visit)

    def expire(self) -> None:
        """Forget the puppets that were not used for long."""
        self._puppets.expire()

    def _prepare(self, wish: LiveOptions) -> LiveSession:
        with self._studio.workspace.job_folder() as folder, hide_paths_in_errors(folder):
            picture = read_image(take_picture(wish.source, folder, self._studio.limits))
        model = self._studio.shelf.get(wish.model)
        return LiveSession(Animator(model, picture, motion=wish.motion), wish)
