"""Animating on a visitor's request: from what was handed in to a published result."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from fomm_core.errors import FommError
from fomm_core.motion.template import MotionTemplate
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.run import AnimationResult, Progress, ProgressCallback, animate_file
from fomm_demo.services.models import ModelRegistry
from fomm_demo.services.uploads import (
    Clip,
    hide_paths_in_errors,
    take_motion,
    take_picture,
    take_video,
)
from fomm_demo.services.workspace import Workspace
from fomm_demo.settings import Limits


@dataclass(frozen=True)
class AnimationRequest:
    """Request of a visitor: a picture, what drives it, and how.

    Attributes:
        source: the picture, as uploaded.
        driving: the driving video, as uploaded, or ``None``.
        motion: a saved motion (.npz) in its place, or ``None``.
        model: name of a model on offer.
        options: how; of the files that they name none is read or written.
        fast: run convolutions in bfloat16 where the machine can.
    """

    source: Path
    driving: Path | None
    motion: Path | None
    model: str
    options: AnimationOptions = field(default_factory=AnimationOptions)
    fast: bool = False


@dataclass(frozen=True)
class PublishedAnimation:
    """A finished animation.

    Attributes:
        video: the published result.
        result: in figures; its path is no longer there.
        notice: what the visitor should know besides; empty for nothing.
    """

    video: Path
    result: AnimationResult
    notice: str = ""


@dataclass(frozen=True, eq=False)
class AnimationService:
    """Animates what visitors request.

    Attributes:
        models: the models on offer.
        workspace: the folders.
        limits: what may be asked for.
    """

    models: ModelRegistry
    workspace: Workspace
    limits: Limits

    def animate(
        self, request: AnimationRequest, on_progress: ProgressCallback
    ) -> PublishedAnimation:
        """Carry out a request in a folder of its own, which is removed whatever happens.

        Raises:
            FommError: what was handed in cannot be used; the message is for visitors.
        """
        # Asks whether the job was cancelled while it waited.
        on_progress(Progress("animating", 0, None))
        with self.workspace.job_folder() as folder, hide_paths_in_errors(folder):
            driving = take_driving(request, folder, self.limits)
            result = animate_file(
                take_picture(request.source, folder, self.limits),
                driving.path if isinstance(driving, Clip) else driving,
                folder / "result.mp4",
                _options_for(driving, request.options),
                model=self.models.get(request.model, request.fast),
                on_progress=on_progress,
            )
            name = f"{request.source.stem[:40]}-animated.mp4"
            notice = driving.notice if isinstance(driving, Clip) else ""
            return PublishedAnimation(self.workspace.publish(result.output, name), result, notice)


def take_driving(request: AnimationRequest, folder: Path, limits: Limits) -> Clip | MotionTemplate:
    """Take what drives into a folder: the saved motion, or else the part of the video.

    Raises:
        FommError: there is neither, or it cannot be used.
    """
    if request.motion is not None:
        return take_motion(request.motion, folder, limits)
    if request.driving is None:
        raise FommError("choose a driving video or a saved motion first")
    start, end = request.options.start, request.options.end
    return take_video(request.driving, folder, limits, start, end)


def for_one_square(options: AnimationOptions) -> AnimationOptions:
    """The same options where the square alone is animated: the largest face in place of all."""
    face = "largest" if options.face == "all" else options.face
    return replace(options, face=face, paste_back=False)


def _options_for(driving: Clip | MotionTemplate, options: AnimationOptions) -> AnimationOptions:
    """The same options for the part that was taken; a saved motion has no parts."""
    if isinstance(driving, Clip):
        return replace(options, start=driving.start, end=driving.end)
    return replace(options, start=None, end=None)
