"""Looking inside an animation: keypoints, their paths, and the inner maps of single frames."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from fomm_core.animator import AnimatedFrame, Animator, Frame
from fomm_core.face.track import CropPath
from fomm_core.image import read_image
from fomm_core.loading import Model
from fomm_core.motion.template import MotionTemplate
from fomm_core.pipeline.driving import open_driving
from fomm_core.pipeline.prepare import PreparedSource, prepare_source
from fomm_core.pipeline.run import Progress, ProgressCallback
from fomm_core.video import VideoReader
from fomm_demo.services.animation import (
    AnimationRequest,
    AnimationService,
    for_one_square,
    take_driving,
)
from fomm_demo.services.uploads import Clip, hide_paths_in_errors, take_picture


@dataclass(frozen=True, eq=False)
class Inspection:
    """An animation that was looked through, whose frames can be looked into.

    Attributes:
        model: what animates it.
        animator: the source in the model's hands.
        motion: the keypoints of all driving frames.
        driving: the driving video in a folder of its own, ``None`` where a saved motion drives.
        squares: to which its frames are cropped; ``None`` where they are whole.
        notice: what the visitor should know; empty for nothing.
        release: removes that folder.
    """

    model: Model
    animator: Animator
    motion: MotionTemplate
    driving: Clip | None
    squares: CropPath | None = None
    notice: str = ""
    release: Callable[[], None] = lambda: None

    def frame(self, index: int) -> AnimatedFrame:
        """Animate one frame, with the inner maps.

        Args:
            index: of the driving frame, in 0..N-1; numbers outside are brought inside.
        """
        index = min(max(0, index), len(self.motion) - 1)
        pair = _pair(self.motion, index)
        picture = self._picture(index)
        if picture is None:
            frames = self.animator.run(pair, diagnostics=True)
        else:
            frames = self.animator.run([picture], template=pair, diagnostics=True)
        return replace(next(iter(frames)), index=index)

    def _picture(self, index: int) -> Frame | None:
        """Decode one driving frame; ``None`` where there is none."""
        if self.driving is None:
            return None
        rate = self.motion.frame_rate
        first = Fraction(str(self.driving.start or 0)) + index / rate
        with hide_paths_in_errors(self.driving.path.parent):
            reader = VideoReader(self.driving.path, start=float(first))
            frame = next(iter(reader), None)
        if frame is None or self.squares is None:
            return frame
        return self.squares.cut_frame(index, frame, self.model.frame_size)


def inspect(
    animation: AnimationService, request: AnimationRequest, on_progress: ProgressCallback
) -> Inspection:
    """Look through an animation: detect the keypoints of all driving frames.

    Args:
        animation: the models, folders and limits.
        request: what to look into; of its options those that change keypoints count.
        on_progress: called after each frame.

    Raises:
        FommError: what was handed in cannot be used.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(animation.workspace.job_folder())
        with hide_paths_in_errors(folder):
            inspection = _inspected(animation, request, folder, on_progress)
        return replace(inspection, release=stack.pop_all().close)


def _inspected(
    animation: AnimationService,
    request: AnimationRequest,
    folder: Path,
    on_progress: ProgressCallback,
) -> Inspection:
    picture = read_image(take_picture(request.source, folder, animation.limits))
    driving = take_driving(request, folder, animation.limits)
    model = animation.models.get(request.model, request.fast)
    options = for_one_square(request.options)
    source = prepare_source(model, picture, options)
    if isinstance(driving, MotionTemplate):
        found = Inspection(model, source.animators[0], driving, None)
    else:
        found = _looked_through(model, source, driving, on_progress)
    if options.find_best_frame:
        found = replace(found, motion=found.animator.with_best_reference(found.motion))
    return found


def _looked_through(
    model: Model,
    source: PreparedSource,
    clip: Clip,
    on_progress: ProgressCallback,
) -> Inspection:
    """The motion of a video, cropped to the face and watched frame by frame."""
    driving = open_driving(clip.path, clip.start, clip.end)

    def tell(done: int) -> None:
        on_progress(Progress("searching", done, driving.frame_count))

    animator = source.animators[0]
    with closing(driving):
        if source.framer is not None:
            driving = driving.cropped(source.framer, tell)
        motion = driving.recorded_motion(animator, tell)
    return Inspection(model, animator, motion, clip, driving.squares, clip.notice)


def _pair(motion: MotionTemplate, index: int) -> MotionTemplate:
    """One frame of a motion, followed by the reference that it is relative to."""
    rows = [index, motion.reference]
    jacobians = None if motion.jacobians is None else motion.jacobians[rows]
    return replace(motion, values=motion.values[rows], jacobians=jacobians, reference=1)
