"""Source of a live session: a prepared picture, and the view of it that is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fomm_core.animator import AnimatedFrame, Animator
from fomm_core.face.crop import Crop
from fomm_core.face.framer import FaceFramer
from fomm_core.image import ByteArray, fit
from fomm_core.loading import Model
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.prepare import prepare_source
from fomm_core.pipeline.views import frames_of_squares, make_picture_view, needs_detail


@dataclass(frozen=True, eq=False)
class LiveSource:
    """A source that is ready to follow.

    Attributes:
        animator: of its first square; others of the same picture follow it.
        framer: finds faces in driving frames; ``None`` where these are taken as they are.
        view: turns an animated frame into the picture to show.
        needs_diagnostics: whether the view wants the inner maps.
        frame_size: (height, width) of the model's frames.
    """

    animator: Animator
    framer: FaceFramer | None
    view: Callable[[AnimatedFrame], ByteArray]
    needs_diagnostics: bool
    frame_size: tuple[int, int]

    def cut(self, frame: ByteArray, square: Crop | None) -> ByteArray:
        """Bring a driving frame, or a square of it, to the model's size."""
        if square is None:
            return fit(frame, self.frame_size)
        return square.cut(frame, self.frame_size)


def prepare_live_source(model: Model, picture: ByteArray, options: AnimationOptions) -> LiveSource:
    """Find the faces of a picture and encode them.

    Args:
        model: a loaded model.
        picture: (H, W, 3) uint8, RGB, of any size.
        options: those of the motion, the face and the picture count; the view is that of
            generated frames alone.

    Raises:
        FaceError, MotionError: as of :func:`~fomm_core.pipeline.prepare.prepare_source`.
    """
    options = replace(options, view="generated")
    prepared = prepare_source(model, picture, options)
    source, animators = prepared.picture, prepared.animators
    if not source.shown:
        return LiveSource(animators[0], prepared.framer, _prediction_of, False, model.frame_size)
    detail = needs_detail(source, model.frame_size, options)
    whole = make_picture_view(source, model.frame_size, detail)

    def view(frame: AnimatedFrame) -> ByteArray:
        return whole(frames_of_squares(frame, animators[1:]))

    return LiveSource(animators[0], prepared.framer, view, detail, model.frame_size)


def _prediction_of(frame: AnimatedFrame) -> ByteArray:
    return frame.prediction
