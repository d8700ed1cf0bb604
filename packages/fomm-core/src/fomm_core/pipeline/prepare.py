"""Sources and motions made ready, so that one can be used with many of the other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from fomm_core.animator import Animator
from fomm_core.face.framer import FaceFramer
from fomm_core.image import ByteArray
from fomm_core.loading import Model
from fomm_core.pipeline.driving import Driving
from fomm_core.pipeline.frames import VideoFrames
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.source import SourcePicture, frame_source, open_framer
from fomm_core.pipeline.views import shows_driving

logger = logging.getLogger(__name__)

_SMALL = 1 / 4
"""Side of a picture by that of the model's frames, below which results are blurred."""


@dataclass(frozen=True, eq=False)
class PreparedSource:
    """A source whose faces are found and encoded.

    Attributes:
        framer: finds the faces of driving videos likewise; ``None`` where nothing is cropped.
        picture: with the squares that are animated.
        animators: of these squares, at least one.
    """

    framer: FaceFramer | None
    picture: SourcePicture
    animators: tuple[Animator, ...]


def prepare_source(model: Model, picture: ByteArray, options: AnimationOptions) -> PreparedSource:
    """Find the faces of a picture and encode them.

    Args:
        model: a loaded model.
        picture: (H, W, 3) uint8, RGB, of any size.
        options: of the animations.

    Raises:
        FaceError, MotionError: as of :func:`~fomm_core.pipeline.source.frame_source` and
            :func:`make_animator`.
    """
    framer = open_framer(model, options)
    source = frame_source(picture, framer, options)
    height, width = picture.shape[:2]
    smallest = min((side for *_, side in source.origins), default=None)
    shown = (height, width) if smallest is None else (smallest, smallest)
    _warn_if_small("source", shown, model.frame_size)
    squares = source.squares(model.frame_size)
    animators = tuple(make_animator(model, each, options) for each in squares)
    return PreparedSource(framer, source, animators)


def warn_of_small_driving(driving: Driving, size: tuple[int, int]) -> None:
    """Warn of a driving video that has far fewer pixels than the model's (height, width)."""
    if isinstance(driving.source, VideoFrames):
        info = driving.source.reader.info
        _warn_if_small("driving video", (info.height, info.width), size)


def _warn_if_small(what: str, found: tuple[float, float], wanted: tuple[int, int]) -> None:
    """Warn of pictures of (height, width) whose shorter side is far below the model's."""
    if min(found) < _SMALL * min(wanted):
        logger.warning(
            "%s: %.0f x %.0f pixels are few for a model of %d x %d; take one with more",
            what,
            found[1],
            found[0],
            wanted[1],
            wanted[0],
        )


def make_animator(model: Model, source: ByteArray, options: AnimationOptions) -> Animator:
    """Make the animator of a source, (H, W, 3) uint8 of any size, as the options want it.

    Raises:
        MotionError: the source's keypoints are not finite.
    """
    return Animator(
        model,
        source,
        motion=options.motion,
        adapt_scale=options.adapt_scale,
        fit=options.fit,
    )


def record_motion(
    driving: Driving,
    source: PreparedSource,
    options: AnimationOptions,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Driving:
    """Crop a driving video and detect the keypoints of all its frames, once for many sources.

    Args:
        driving: as it was opened.
        source: any of them.
        options: of the animations.
        on_progress: called with the number of frames looked at.

    Raises:
        MediaError, MotionError: the video cannot be read, or has no finite keypoints.
    """
    height, width = source.animators[0].source.shape[:2]
    warn_of_small_driving(driving, (height, width))
    if source.framer is not None:
        driving = driving.cropped(source.framer, on_progress)
    return driving.with_recorded_motion(
        source.animators[0], on_progress, keep_frames=shows_driving(options.view)
    )
