"""Animating on a visitor's order: from what was handed in to a result on the shelf of results."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fomm_core.errors import FommError
from fomm_core.image import Fit
from fomm_core.motion.template import MotionTemplate
from fomm_core.motion.transfer import MotionMode
from fomm_core.pipeline.run import AnimationResult, Progress, ProgressCallback, Request, produce
from fomm_core.pipeline.views import View
from fomm_demo.services.models import ModelRegistry
from fomm_demo.services.uploads import hide_paths_in_errors, take_motion, take_picture, take_video
from fomm_demo.services.workspace import Workspace
from fomm_demo.settings import Limits


@dataclass(frozen=True)
class Options:
    """How to animate; see :class:`fomm_core.pipeline.run.Request`.

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
class AnimationRequest:
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
class PublishedAnimation:
    """A finished animation.

    Attributes:
        video: the published result.
        produced: in figures; its path is no longer there.
        notice: what the visitor should know besides; empty for nothing.
    """

    video: Path
    produced: AnimationResult
    notice: str = ""


@dataclass(frozen=True, eq=False)
class AnimationService:
    """Where orders are carried out.

    Attributes:
        shelf: the models.
        workspace: the folders.
        limits: what may be ordered.
    """

    shelf: ModelRegistry
    workspace: Workspace
    limits: Limits

    def animate(self, order: AnimationRequest, observe: ProgressCallback) -> PublishedAnimation:
        """Carry out an order in a folder of its own, which is removed whatever happens.

        Raises:
            FommError: what was handed in cannot be used; the message is for visitors.
        """
        # Asks whether the job was cancelled while it waited.
        observe(Progress("animating", 0, None))
        with self.workspace.job_folder() as folder, hide_paths_in_errors(folder):
            request, notice = self._request(order, folder)
            model = self.shelf.get(order.model, order.options.fast)
            produced = produce(model, request, observe)
            name = f"{order.source.stem[:40]}-animated.mp4"
            return PublishedAnimation(
                self.workspace.publish(produced.output, name), produced, notice
            )

    def _request(self, order: AnimationRequest, folder: Path) -> tuple[Request, str]:
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
        self, order: AnimationRequest, folder: Path
    ) -> tuple[Path | MotionTemplate, float | None, float | None, str]:
        if order.motion is not None:
            return take_motion(order.motion, folder, self.limits), None, None, ""
        if order.driving is None:
            raise FommError("choose a driving video or a saved motion first")
        options = order.options
        clip = take_video(order.driving, folder, self.limits, options.start, options.end)
        return clip.path, clip.start, clip.end, clip.notice
