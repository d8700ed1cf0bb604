"""Animating on a visitor's order: from what was handed in to a result on the shelf of results."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fomm_core.errors import FommError
from fomm_core.frames import Fit
from fomm_core.motion import MotionMode
from fomm_core.painting import View
from fomm_core.production import Observer, Produced, Progress, Request, produce
from fomm_core.template import MotionTemplate
from fomm_demo.intake import naming, take_motion, take_picture, take_video
from fomm_demo.settings import Limits
from fomm_demo.shelf import Shelf
from fomm_demo.workspace import Workspace


@dataclass(frozen=True)
class Options:
    """How to animate; see :class:`fomm_core.production.Request`.

    Attributes:
        motion, adapt_scale, find_best_frame, smooth, fit, audio, view: as there.
        fast: run the decoder in bfloat16 where the machine can.
        start, end: the part of the driving video, in seconds.
    """

    motion: MotionMode = "relative"
    adapt_scale: bool = False
    find_best_frame: bool = False
    smooth: bool = False
    fit: Fit = "crop"
    fast: bool = False
    audio: bool = True
    view: View = "generated"
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Order:
    """What to animate.

    Attributes:
        source: the picture, as uploaded.
        driving: the driving video, as uploaded, or ``None``.
        motion: a saved motion (.npz) in its place, or ``None``.
        model: name of a model on offer.
        options: how.
    """

    source: Path
    driving: Path | None
    motion: Path | None
    model: str
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Outcome:
    """A finished animation.

    Attributes:
        video: the published result.
        produced: in figures; its path is no longer there.
        notice: what the visitor should know besides; empty for nothing.
    """

    video: Path
    produced: Produced
    notice: str = ""


@dataclass(frozen=True, eq=False)
class Studio:
    """Where orders are carried out.

    Attributes:
        shelf: the models.
        workspace: the folders.
        limits: what may be ordered.
    """

    shelf: Shelf
    workspace: Workspace
    limits: Limits

    def animate(self, order: Order, observe: Observer) -> Outcome:
        """Carry out an order in a folder of its own, which is removed whatever happens.

        Raises:
            FommError: what was handed in cannot be used; the message is for visitors.
        """
        # Asks whether the job was cancelled while it waited.
        observe(Progress("animating", 0, None))
        with self.workspace.job_folder() as folder, naming(folder):
            request, notice = self._request(order, folder)
            model = self.shelf.get(order.model, order.options.fast)
            produced = produce(model, request, observe)
            name = f"{order.source.stem[:40]}-animated.mp4"
            return Outcome(self.workspace.publish(produced.output, name), produced, notice)

    def _request(self, order: Order, folder: Path) -> tuple[Request, str]:
        options = order.options
        driving, start, end, notice = self._driving(order, folder)
        request = Request(
            source=take_picture(order.source, folder, self.limits),
            driving=driving,
            output=folder / "result.mp4",
            view=options.view,
            audio=options.audio,
            motion=options.motion,
            adapt_scale=options.adapt_scale,
            fit=options.fit,
            find_best_frame=options.find_best_frame,
            smooth=options.smooth,
            start=start,
            end=end,
        )
        return request, notice

    def _driving(
        self, order: Order, folder: Path
    ) -> tuple[Path | MotionTemplate, float | None, float | None, str]:
        if order.motion is not None:
            return take_motion(order.motion, folder, self.limits), None, None, ""
        if order.driving is None:
            raise FommError("choose a driving video or a saved motion first")
        options = order.options
        clip = take_video(order.driving, folder, self.limits, options.start, options.end)
        return clip.path, clip.start, clip.end, clip.notice
