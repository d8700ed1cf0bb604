"""A whole animation, from files to a file: what the command line and the web page both do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from fomm_core.animator import AnimatedFrame, Animator
from fomm_core.errors import MediaError
from fomm_core.face.framer import FaceFramer
from fomm_core.image import ByteArray, read_image
from fomm_core.loading import Model, load_model
from fomm_core.motion.keypoints import Keypoints
from fomm_core.motion.smoothing import OneEuroFilter
from fomm_core.motion.template import MotionTemplate
from fomm_core.pipeline.driving import Driving, open_driving
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.output import open_sink, save_motion, spare_inputs
from fomm_core.pipeline.prepare import PreparedSource, prepare_source, warn_of_small_driving
from fomm_core.pipeline.provenance import Provenance
from fomm_core.pipeline.views import (
    FrameView,
    frames_of_squares,
    make_picture_view,
    make_view,
    needs_detail,
    needs_diagnostics,
    shows_driving,
)
from fomm_core.video import BackgroundSink


@dataclass(frozen=True, eq=False)
class Progress:
    """One step of an animation.

    Attributes:
        stage: ``"recording"`` a motion for several sources, ``"finding"`` the face of the
            driving video, ``"searching"`` for the best frame, ``"calibrating"`` an INT8 decoder,
            or ``"animating"``.
        done: frames done in this stage.
        total: frames in all, estimated; ``None`` if unknown.
        frame: the newest animated frame; ``None`` in the stages before. Its driving frame is
            ``None`` where a motion template drives, and after a search for the best frame
            where the view shows the generated frames alone.
    """

    stage: Literal["recording", "finding", "searching", "calibrating", "animating"]
    done: int
    total: int | None
    frame: AnimatedFrame | None = None


ProgressCallback = Callable[[Progress], None]
"""Called after every frame; what it raises ends the animation."""


@dataclass(frozen=True)
class AnimationResult:
    """A finished animation.

    Attributes:
        output: the file or folder.
        frames: number of frames.
        frame_rate: frames per second of the result.
        seconds: time from the first frame's reading to the result's completion.
    """

    output: Path
    frames: int
    frame_rate: Fraction
    seconds: float


def animate_file(
    source: str | Path | ByteArray,
    driving: str | Path | MotionTemplate,
    output: str | Path,
    options: AnimationOptions = AnimationOptions(),  # noqa: B008 - it cannot change
    *,
    model: str | Path | Model | None = None,
    on_progress: ProgressCallback | None = None,
) -> AnimationResult:
    """Animate a picture with a video. Memory does not grow with the number of frames.

    Decoding, inference and encoding overlap. The result appears under its name when it is
    complete; a KeyboardInterrupt leaves what there is as ``<output>.part``, any other error
    leaves nothing.

    Args:
        source: the picture to animate, a file or (H, W, 3) uint8 RGB of any size.
        driving: the video (GIF, folder of frames, picture) to take the motion from, or a
            motion template itself.
        output: the result: a video file by its ending, or a folder of PNGs
            (:attr:`AnimationOptions.png`).
        options: how to animate.
        model: a loaded model, which stays loaded, or the name or folder of one; by default
            the default model of :func:`~fomm_core.loading.load_model`.
        on_progress: called after every frame; what it raises ends the animation.

    Raises:
        FommError: one of its kinds, for whatever cannot be read, animated or written.
    """
    output = Path(output)
    driving = driving if isinstance(driving, MotionTemplate) else Path(driving)
    inputs = [Path(each) for each in (source, driving) if isinstance(each, str | Path)]
    spare_inputs(inputs, output, options)
    picture = _picture(source)
    drive = open_driving(driving, options.start, options.end, options.keep_going)
    with _loaded(model) as loaded:
        prepared = prepare_source(loaded, picture, options)
        warn_of_small_driving(drive, loaded.frame_size)
        return animate_prepared(loaded, prepared, drive, output, options, on_progress or ignore)


def animate_prepared(
    model: Model,
    prepared: PreparedSource,
    driving: Driving,
    output: Path,
    options: AnimationOptions,
    on_progress: ProgressCallback,
) -> AnimationResult:
    """Animate as :func:`animate_file` does, from a prepared source and an opened driving.

    What is recorded of the driving already is not looked for again.
    """
    animator, *others = prepared.animators
    followers = others if prepared.picture.shown else []
    view = _view(prepared, model, options)
    diagnostics = _needs_diagnostics(prepared, model, options)
    rate = options.frame_rate or driving.frame_rate
    keypoints: list[Keypoints] = []
    count = 0
    began = time.monotonic()
    provenance = Provenance(model.name, squares=prepared.picture.origins)
    with (
        closing(driving),
        BackgroundSink(open_sink(output, driving, options, provenance), view=view) as sink,
    ):
        if prepared.framer is not None and driving.template is None:
            driving = _cropped(driving, prepared.framer, on_progress)
        if options.find_best_frame:
            driving = _with_best_reference(driving, animator, options, on_progress)
        frames = _frames(animator, driving, options, diagnostics)
        for count, frame in enumerate(frames, start=1):
            sink.write(frames_of_squares(frame, followers))
            if options.save_motion is not None:
                keypoints.append(frame.keypoints_driving)
            on_progress(Progress("animating", count, driving.frame_count, frame))
        if options.save_motion is not None:  # before the result appears, as this may fail
            save_motion(driving.recorded(keypoints, model), options.save_motion)
    return AnimationResult(output, count, rate, time.monotonic() - began)


def _view(prepared: PreparedSource, model: Model, options: AnimationOptions) -> FrameView:
    source = prepared.picture
    if source.shown:
        detail = needs_detail(source, model.frame_size, options)
        return make_picture_view(source, model.frame_size, detail)
    return make_view(options.view, prepared.animators[0], model.config.visualizer_params, source)


def _needs_diagnostics(prepared: PreparedSource, model: Model, options: AnimationOptions) -> bool:
    if prepared.picture.shown:
        return needs_detail(prepared.picture, model.frame_size, options)
    return needs_diagnostics(options.view)


def _cropped(driving: Driving, framer: FaceFramer, on_progress: ProgressCallback) -> Driving:
    return driving.cropped(
        framer, lambda done: on_progress(Progress("finding", done, driving.frame_count))
    )


def _with_best_reference(
    driving: Driving, animator: Animator, options: AnimationOptions, on_progress: ProgressCallback
) -> Driving:
    return driving.with_best_reference(
        animator,
        lambda done: on_progress(Progress("searching", done, driving.frame_count)),
        keep_frames=shows_driving(options.view),
    )


def _frames(
    animator: Animator, driving: Driving, options: AnimationOptions, diagnostics: bool
) -> Iterator[AnimatedFrame]:
    return animator.run(
        driving.ahead(animator),
        template=driving.template,
        smoother=OneEuroFilter(driving.frame_rate) if options.smooth else None,
        diagnostics=diagnostics,
    )


def _picture(source: str | Path | ByteArray) -> ByteArray:
    """Read the source, unless it is a picture already."""
    if not isinstance(source, np.ndarray):
        return read_image(source)
    if source.dtype != np.uint8 or source.shape[2:] != (3,) or source.size == 0:
        found = f"{source.shape} {source.dtype}"
        raise MediaError(f"source: expected a picture (H, W, 3) uint8, found {found}")
    return source


@contextmanager
def _loaded(model: str | Path | Model | None) -> Iterator[Model]:
    """A loaded model as it is; one that is named is loaded, and freed at the end."""
    if isinstance(model, Model):
        yield model
        return
    with load_model(model) as loaded:
        yield loaded


def ignore(progress: Progress) -> None:
    """Take no notice."""
