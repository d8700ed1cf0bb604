"""A whole animation, from files to a file: what the command line and the web page both do."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from fomm_core.animate import AnimatedFrame, Animator, Frame
from fomm_core.errors import BrokenMediaError, OutputError
from fomm_core.frames import Fit, read_image
from fomm_core.keypoints import Keypoints
from fomm_core.model import Model
from fomm_core.motion import MotionMode
from fomm_core.painting import View, make_painter, needs_diagnostics
from fomm_core.smoothing import OneEuroFilter
from fomm_core.template import MotionTemplate
from fomm_core.video import (
    AudioClip,
    BackgroundSink,
    FrameSink,
    PngWriter,
    VideoReader,
    VideoWriter,
    prefetch,
)

logger = logging.getLogger(__name__)


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
        audio: copy the driving video's sound.
        motion, adapt_scale, fit: as of :class:`~fomm_core.animate.Animator`.
        find_best_frame: take as reference the driving frame whose pose is nearest to the
            source's; reads the driving video twice.
        smooth: smooth the driving keypoints against jitter.
        start, end: the part of the driving video, in seconds.
        keep_going: where the driving video breaks off, animate what comes before.
        save_motion: also save the driving motion as a template (.npz).
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


Observer = Callable[[Progress], None]
"""Called after every frame; what it raises ends the production."""


@dataclass(frozen=True)
class Produced:
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


def produce(model: Model, request: Request, observe: Observer | None = None) -> Produced:
    """Animate from files to a file. Memory does not grow with the number of frames.

    Decoding, inference and encoding overlap. The result appears under its name when it is
    complete; a KeyboardInterrupt leaves what there is as ``<output>.part``, any other error
    leaves nothing.

    Raises:
        FommError: one of its kinds, for whatever cannot be read, animated or written.
    """
    _spare_inputs(request)
    source = read_image(request.source)
    driving = _open_driving(request)
    animator = Animator(
        model, source, motion=request.motion, adapt_scale=request.adapt_scale, fit=request.fit
    )
    observe = observe or _look_away
    rate = request.frame_rate or driving.frame_rate
    keypoints: list[Keypoints] = []
    count = 0
    began = time.monotonic()
    with BackgroundSink(_open_sink(request, rate)) as sink:
        if request.find_best_frame:
            driving = _with_best_reference(request, driving, animator, observe)
        painter = make_painter(request.view, animator, model.config.visualizer_params)
        for count, frame in enumerate(_animated(request, driving, animator), start=1):
            sink.write(painter(frame))
            if request.save_motion is not None:
                keypoints.append(frame.keypoints_driving)
            observe(Progress("animating", count, driving.frame_count, frame))
        if request.save_motion is not None:  # before the result appears, as this may fail
            driving.recorded(keypoints, model).save(request.save_motion)
    return Produced(request.output, count, rate, time.monotonic() - began)


def _animated(request: Request, driving: _Driving, animator: Animator) -> Iterator[AnimatedFrame]:
    """The animated frames, as they are asked for."""
    detecting = driving.known is None
    return animator.run(
        driving.source,
        template=driving.template,
        smoother=OneEuroFilter(driving.frame_rate) if request.smooth and detecting else None,
        diagnostics=needs_diagnostics(request.view),
    )


@dataclass(frozen=True, eq=False)
class _Driving:
    """What drives, and what is known of it.

    Attributes:
        source: the driving frames, or a template in their place.
        template: the keypoints of these frames, once they are known.
        frame_rate: frames per second.
        frame_count: number of frames, estimated; ``None`` if unknown.
    """

    source: Iterable[Frame] | MotionTemplate
    template: MotionTemplate | None
    frame_rate: Fraction
    frame_count: int | None

    @property
    def known(self) -> MotionTemplate | None:
        """The keypoints of all frames, where they are known beforehand."""
        return self.source if isinstance(self.source, MotionTemplate) else self.template

    def recorded(self, keypoints: list[Keypoints], model: Model) -> MotionTemplate:
        """The motion that drove, as a template with the reference frame that was used."""
        return MotionTemplate.from_keypoints(
            keypoints,
            frame_rate=self.frame_rate,
            model=model.name,
            frame_size=model.frame_size,
            reference=self.known.reference if self.known is not None else 0,
        )


class _Frames:
    """The frames of a reader, decoded ahead in a thread; can be iterated again."""

    def __init__(self, reader: VideoReader, keep_going: bool) -> None:
        self._reader = reader
        self._keep_going = keep_going

    def __iter__(self) -> Iterator[Frame]:
        frames = prefetch(self._reader)
        return up_to_damage(frames) if self._keep_going else frames


def up_to_damage(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The frames before a video's damage, with a warning instead of the error."""
    try:
        yield from frames
    except BrokenMediaError as error:
        logger.warning("%s; going on with the %d frames before it", error, error.frames_read)


def _open_driving(request: Request) -> _Driving:
    if isinstance(request.driving, MotionTemplate):
        template = _smoothed(request.driving) if request.smooth else request.driving
        return _Driving(template, None, template.frame_rate, len(template))
    reader = VideoReader(request.driving, start=request.start, end=request.end)
    frames = _Frames(reader, request.keep_going)
    return _Driving(frames, None, reader.frame_rate, reader.frame_count)


def _smoothed(template: MotionTemplate) -> MotionTemplate:
    """Smooth a whole motion, so that its reference frame is smoothed like the others."""
    return MotionTemplate.from_keypoints(
        map(OneEuroFilter(template.frame_rate), template),
        frame_rate=template.frame_rate,
        model=template.model,
        frame_size=template.frame_size,
        reference=template.reference,
    )


def _with_best_reference(
    request: Request, driving: _Driving, animator: Animator, observe: Observer
) -> _Driving:
    """Look through all driving frames for the one whose pose is nearest to the source's."""
    if isinstance(driving.source, MotionTemplate):
        return replace(driving, source=animator.with_best_reference(driving.source))

    def watched(frames: Iterable[Frame]) -> Iterator[Frame]:
        for count, frame in enumerate(frames, start=1):
            yield frame
            observe(Progress("searching", count, driving.frame_count))

    template = animator.record(watched(driving.source), driving.frame_rate)
    if request.smooth:
        template = _smoothed(template)
    best = animator.with_best_reference(template)
    logger.info("best driving frame: %d of %d", best.reference, len(best))
    return replace(driving, template=best, frame_count=len(best))


def _open_sink(request: Request, rate: Fraction) -> FrameSink:
    if request.png:
        return PngWriter(request.output)
    clip = None
    if request.audio and isinstance(request.driving, Path):
        clip = AudioClip(request.driving, request.start, request.end)
    return VideoWriter(request.output, rate, audio=clip)


def _spare_inputs(request: Request) -> None:
    """Refuse to write over what is read, and make room for the motion that is saved.

    Raises:
        OutputError: a result has the name of an input or of the other result, would replace
            the folder of an input, or cannot be where it is to be.
    """
    inputs = [_real(request.source)]
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
