"""Sources and motions made ready, so that one can be used with many of the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fomm_core.animator import Animator
from fomm_core.face.framer import FaceFramer
from fomm_core.image import ByteArray
from fomm_core.loading import Model
from fomm_core.pipeline.driving import Driving
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.source import SourcePicture, frame_source, open_framer
from fomm_core.pipeline.views import shows_driving


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
    squares = source.squares(model.frame_size)
    animators = tuple(make_animator(model, each, options) for each in squares)
    return PreparedSource(framer, source, animators)


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
    if source.framer is not None:
        driving = driving.cropped(source.framer, on_progress)
    return driving.with_recorded_motion(
        source.animators[0], on_progress, keep_frames=shows_driving(options.view)
    )
