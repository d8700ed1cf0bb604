"""Live pictures of the open pages: one frame of a visitor's camera in, one picture out."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from fomm_core.animator import Frame
from fomm_core.errors import FommError
from fomm_core.image import read_image, resample
from fomm_core.live.frame import LiveFrame
from fomm_core.live.options import LiveOptions
from fomm_core.live.session import LiveSession
from fomm_core.live.source import LiveSource, prepare_live_source
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.utils.pace import Pace
from fomm_demo.services.animation import AnimationService, for_one_square
from fomm_demo.services.session_cache import SessionCache
from fomm_demo.services.uploads import hide_paths_in_errors, take_picture

MOST_ROOMS = 32
"""So many pages may have a live picture; the one longest unused is forgotten for another."""

MOST_SOURCES = 9
_IDLE_SECONDS = 300.0
_LARGEST_HEIGHT = 720
_TICKET_BYTES = 16
_THUMBNAIL = 96


@dataclass(frozen=True)
class LiveRequest:
    """Request of a visitor for a live picture.

    Attributes:
        sources: the pictures to choose from, as uploaded; the first one begins.
        model: name of a model on offer.
        options: how; those of the motion, of the face and of pasting back count, of the face for
            the first picture alone.
    """

    sources: tuple[Path, ...]
    model: str
    options: AnimationOptions = field(default_factory=AnimationOptions)

    def options_for(self, index: int) -> AnimationOptions:
        """The options of one of the pictures."""
        if index == 0:
            return self.options
        return replace(self.options, face="largest", square=None)


@dataclass(frozen=True, eq=False)
class LiveAnswer:
    """One live frame and how fast it came.

    Attributes:
        frame: the picture to show, and the state.
        rate: frames per second in the last seconds; 0 at the first.
        latency_s: from the frame's arrival to its animation, in seconds.
        number: of the answer, from 1.
    """

    frame: LiveFrame
    rate: float
    latency_s: float
    number: int


class LiveRoom:
    """One page's live picture; whoever has its ticket may drive it.

    Frames take turns. An error in one leaves the others alone.

    Args:
        request: what is wanted.
        animation: the models and limits.

    Attributes:
        ticket: a name that nobody can guess, to drive it by.
        view_ticket: another one, which lets people watch and no more.
        request: the same.
        latest: the newest answer; ``None`` before the first.
    """

    def __init__(self, request: LiveRequest, animation: AnimationService) -> None:
        self.ticket = secrets.token_hex(_TICKET_BYTES)
        self.view_ticket = secrets.token_hex(_TICKET_BYTES)
        self.request = request
        self.latest: LiveAnswer | None = None
        self._animation = animation
        self._turn = threading.Lock()
        self._prepared: dict[int, LiveSource] = {}
        self._session: LiveSession | None = None
        self._pace = Pace()

    def follow(self, frame: Frame, arrived: float) -> LiveAnswer:
        """Animate the next frame of the camera.

        Args:
            frame: (H, W, 3) uint8 of any size.
            arrived: when it came, in seconds of :func:`time.monotonic`.

        Raises:
            FommError: the picture or the frame cannot be used.
        """
        with self._turn:
            shown = self._started().follow(frame, arrived)
            number = 1 if self.latest is None else self.latest.number + 1
            latency = time.monotonic() - arrived
            self.latest = LiveAnswer(shown, self._pace.tick(), latency, number)
            return self.latest

    def take_reference(self) -> None:
        """Take the next frame's pose for the picture's own."""
        with self._turn:
            self._started().take_reference()

    def find_reference(self) -> None:
        """Look for a better pose to begin with."""
        with self._turn:
            self._started().find_reference()

    def change(self, gain: float | None = None, mirror: bool | None = None) -> None:
        """Change the options that are given.

        Raises:
            FommError: a value outside of its range.
        """
        with self._turn:
            session = self._started()
            options = session.options
            gain = options.gain if gain is None else gain
            mirror = options.mirror if mirror is None else mirror
            session.change(replace(options, gain=gain, mirror=mirror))

    def choose(self, index: int) -> None:
        """Let another picture follow; the present one does until that is prepared.

        Raises:
            FommError: there is no such picture, or it cannot be used.
        """
        source = self._source(index)
        with self._turn:
            self._started().switch(source)

    @cached_property
    def thumbnails(self) -> list[Frame]:
        """Small copies of the pictures, (h, w, 3) uint8 of at most 96 pixels.

        Raises:
            FommError: one of them cannot be read.
        """
        return [_thumbnail(self.picture(index)) for index in range(len(self.request.sources))]

    def picture(self, index: int) -> Frame:
        """Read one of the pictures, (H, W, 3) uint8.

        Raises:
            FommError: there is no such picture, or it cannot be read.
        """
        if not 0 <= index < len(self.request.sources):
            count = len(self.request.sources)
            found = f"found number {index + 1}; choose one that is shown"
            raise FommError(f"picture: expected one of {count}, {found}")
        animation = self._animation
        with animation.workspace.job_folder() as folder, hide_paths_in_errors(folder):
            return read_image(take_picture(self.request.sources[index], folder, animation.limits))

    def _started(self) -> LiveSession:
        if self._session is None:
            self._session = LiveSession(self._source(0), LiveOptions())
        return self._session

    def _source(self, index: int) -> LiveSource:
        if index not in self._prepared:
            picture = self.picture(index)
            options = _for_page(self.request.options_for(index), picture.shape[0])
            model = self._animation.models.get(self.request.model)
            self._prepared[index] = prepare_live_source(model, picture, options)
        return self._prepared[index]


class LiveService:
    """The live pictures of all open pages.

    Args:
        animation: the models and limits.
    """

    def __init__(self, animation: AnimationService) -> None:
        self._animation = animation
        self._rooms: SessionCache[LiveRoom] = SessionCache(MOST_ROOMS, _IDLE_SECONDS)

    def open(self, session: str, request: LiveRequest) -> LiveRoom:
        """Give a page its room; the same one for the same request.

        Raises:
            FommError: there are no pictures, too many, or the model is not on offer.
        """
        self._animation.models.info(request.model)
        if not 1 <= len(request.sources) <= MOST_SOURCES:
            cure = "leave some out" if request.sources else "choose one under Animate"
            found = f"found {len(request.sources) or 'none'}"
            raise FommError(f"pictures: expected 1 to {MOST_SOURCES}, {found}; {cure}")
        room = self._rooms.get(session)
        if room is None or room.request != request:
            room = LiveRoom(request, self._animation)
            self._rooms.put(session, room)
        return room

    def find(self, ticket: str) -> LiveRoom | None:
        """The room to drive with a ticket; ``None`` where there is none. Counts as a use."""
        return self._find(ticket, lambda room: room.ticket)

    def find_view(self, ticket: str) -> LiveRoom | None:
        """The room to watch with a ticket; ``None`` where there is none. Counts as a use."""
        return self._find(ticket, lambda room: room.view_ticket)

    def _find(self, ticket: str, ticket_of: Callable[[LiveRoom], str]) -> LiveRoom | None:
        for session, room in self._rooms.items():
            if secrets.compare_digest(ticket_of(room).encode(), ticket.encode()):
                self._rooms.get(session)
                return room
        return None

    def leave(self, session: str) -> None:
        """Forget the room of a page that is left."""
        self._rooms.forget(session)

    def expire(self) -> None:
        """Forget the rooms that were not used for long."""
        self._rooms.expire()


def _for_page(options: AnimationOptions, height: int) -> AnimationOptions:
    """The same options for pictures that are sent again and again: at most 720 pixels high."""
    if options.paste_back is False:
        return replace(for_one_square(options), detail=False)
    size = _LARGEST_HEIGHT if height > _LARGEST_HEIGHT else None
    return replace(options, detail=False, size=size)


def _thumbnail(picture: Frame) -> Frame:
    height, width = picture.shape[:2]
    scale = min(1.0, _THUMBNAIL / max(height, width))
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    return resample(picture, size, (0, 0, width, height))
