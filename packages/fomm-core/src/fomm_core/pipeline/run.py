"""A whole animation, from files to a file: what the command line and the web page both do."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from fomm_core.animator import AnimatedFrame, Animator
from fomm_core.errors import OutputError
from fomm_core.image import Fit, read_image
from fomm_core.loading import Model
from fomm_core.motion.keypoints import Keypoints
from fomm_core.motion.smoothing import OneEuroFilter
from fomm_core.motion.template import MotionTemplate
from fomm_core.motion.transfer import MotionMode
from fomm_core.pipeline.driving import Driving, open_driving
from fomm_core.pipeline.views import View, make_view, needs_diagnostics
from fomm_core.video import (
    AudioClip,
    BackgroundSink,
    FrameSink,
    PngWriter,
    VideoWriter,
)

logger = logging.getLogger(__name__)

_INAUDIBLE = Fraction(1, 1000)
"""Relative change of speed at which sound still fits: 29.97 is as good as 30000/1001."""


@dataclass(frozen=True)
class Request:
    """What to animate, how, and where to put it.

    Attributes:
        source: the picture to animate.
        driving: the video (GIF, folder of frames, picture) to take the motion from, or a
            motion template itself.
        output: the result: a video file by its ending, or a folder of PNGs (``png``).
        png: write numbered PNGs instead of a video.
        view: what is shown of each frame.
        frame_rate: of the result; ``None`` is the driving's.
        audio: copy the driving video's sound, unless ``frame_rate`` changes the speed.
        motion, adapt_scale, fit: as of :class:`~fomm_core.animator.Animator`.
        find_best_frame: take as reference the driving frame whose pose is nearest to the
            source's; reads the driving video twice.
        smooth: smooth the driving keypoints against jitter.
        start, end: the part of the driving video, in seconds.
        keep_going: where the driving video breaks off, animate what comes before.
        save_motion: also save the driving motion as a template (.npz).
        spared: files that were read before, such as the motion template or parameters; they
            are not written over, as the inputs are not.
    """

    source: Path
    driving: Path | MotionTemplate
    output: Path
    png: bool = False
    view: View = "default"
    frame_rate: Fraction | None = None
    audio: bool = True
    motion: MotionMode = "relative"
    adapt_scale: bool = False
    fit: Fit = "crop"
    find_best_frame: bool = False
    smooth: bool = False
    start: float | None = None
    end: float | None = None
    keep_going: bool = False
    save_motion: Path | None = None
    spared: tuple[Path, ...] = ()


@dataclass(frozen=True, eq=False)
class Progress:
    """One step of a production.

    Attributes:
        stage: ``"searching"`` for the best frame, or ``"animating"``.
        done: frames done in this stage.
        total: frames in all, estimated; ``None`` if unknown.
        frame: the newest animated frame; ``None`` while searching.
    """

    stage: Literal["searching", "animating"]
    done: int
    total: int | None
    frame: AnimatedFrame | None = None


ProgressCallback = Callable[[Progress], None]
"""Called after every frame; what it raises ends the production."""


@dataclass(frozen=True)
class AnimationResult:
    """The result of a production.

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


def produce(
    model: Model, request: Request, observe: ProgressCallback | None = None
) -> AnimationResult:
    """Animate from files to a file. Memory does not grow with the number of frames.

    Decoding, inference and encoding overlap. The result appears under its name when it is
    complete; a KeyboardInterrupt leaves what there is as ``<output>.part``, any other error
    leaves nothing.

    Raises:
        FommError: one of its kinds, for whatever cannot be read, animated or written.
    """
    _spare_inputs(request)
    source = read_image(request.source)
    driving = open_driving(request.driving, request.start, request.end, request.keep_going)
    animator = Animator(
        model, source, motion=request.motion, adapt_scale=request.adapt_scale, fit=request.fit
    )
    observe = observe or _look_away
    rate = request.frame_rate or driving.frame_rate
    keypoints: list[Keypoints] = []
    count = 0
    began = time.monotonic()
    with BackgroundSink(_open_sink(request, driving)) as sink:
        if request.find_best_frame:
            driving = driving.with_best_reference(animator, _search_observer(driving, observe))
        painter = make_view(request.view, animator, model.config.visualizer_params)
        frames = animator.run(
            driving.source,
            template=driving.template,
            smoother=OneEuroFilter(driving.frame_rate) if request.smooth else None,
            diagnostics=needs_diagnostics(request.view),
        )
        for count, frame in enumerate(frames, start=1):
            sink.write(painter(frame))
            if request.save_motion is not None:
                keypoints.append(frame.keypoints_driving)
            observe(Progress("animating", count, driving.frame_count, frame))
        if request.save_motion is not None:  # before the result appears, as this may fail
            driving.recorded(keypoints, model).save(request.save_motion)
    return AnimationResult(request.output, count, rate, time.monotonic() - began)


def _search_observer(driving: Driving, observe: ProgressCallback) -> Callable[[int], None]:
    """The observer's view of a search for the best frame."""
    return lambda done: observe(Progress("searching", done, driving.frame_count))


def _open_sink(request: Request, driving: Driving) -> FrameSink:
    if request.png:
        return PngWriter(request.output)
    rate = request.frame_rate or driving.frame_rate
    return VideoWriter(request.output, rate, audio=_sound(request, driving))


def _sound(request: Request, driving: Driving) -> AudioClip | None:
    """The sound to copy: the driving video's, unless pictures go at another speed."""
    if not request.audio or not isinstance(request.driving, Path):
        return None
    rate = request.frame_rate or driving.frame_rate
    if driving.has_audio and abs(rate / driving.frame_rate - 1) > _INAUDIBLE:
        speeds = f"{float(rate):g} instead of {float(driving.frame_rate):g} frames per second"
        logger.warning("the sound is left out: it does not fit %s", speeds)
        return None
    return AudioClip(request.driving, request.start, request.end)


def _spare_inputs(request: Request) -> None:
    """Refuse to write over what is read, and make room for the motion that is saved.

    Raises:
        OutputError: a result has the name of an input or of the other result, would replace
            the folder of an input, or cannot be where it is to be.
    """
    inputs = [_real(path) for path in (request.source, *request.spared)]
    if isinstance(request.driving, Path):
        inputs.append(_real(request.driving))
    output, motion = _real(request.output), request.save_motion
    if any(output == path or (request.png and output in path.parents) for path in inputs):
        raise OutputError(f"{request.output}: expected another name than that of an input")
    if motion is None:
        return
    if _real(motion) in (*inputs, output):
        raise OutputError(f"{motion}: expected another name than those of inputs and result")
    if motion.is_dir():
        raise OutputError(f"{motion}: expected the name of a file to write, found a folder")
    try:
        motion.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{motion}: cannot be written: {error.strerror}") from error


def _real(path: Path) -> Path:
    """Where a path leads, whatever is there (``Path.resolve`` stumbles over circular links)."""
    return Path(os.path.realpath(path))


def _look_away(progress: Progress) -> None:
    """The observer of those who do not watch."""
