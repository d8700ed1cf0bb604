"""Views of an animated frame: the whole picture, the generated frame alone, or a sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fomm_core.animator import AnimatedFrame, Animator, Frame
from fomm_core.config import VisualizerParams
from fomm_core.face.crop import Crop
from fomm_core.face.detail import SourceDetail
from fomm_core.face.paste import Paster
from fomm_core.pipeline.options import AnimationOptions, View
from fomm_core.pipeline.source import SourcePicture

FrameView = Callable[[Sequence[AnimatedFrame]], Frame]
"""Gives what is shown of one moment, (H, W, 3) uint8, the same size for all moments.

It takes the animated frames of all squares of a picture, of which a sheet shows the first. No
engine has a part in it, so that it may run in another thread than that of the animators."""


def needs_diagnostics(view: View) -> bool:
    """Whether a view shows the inner maps."""
    return view in ("detailed", "full")


def needs_detail(source: SourcePicture, size: tuple[int, int], options: AnimationOptions) -> bool:
    """Whether fine detail of the source shows in squares larger than the model's (h, w)."""
    return options.detail and any(crop.side > min(size) for crop in source.crops)


def shows_driving(view: View) -> bool:
    """Whether a view shows the driving frames."""
    return view != "generated"


def make_view(
    view: View,
    animator: Animator,
    style: VisualizerParams,
    whole: SourcePicture | None = None,
) -> FrameView:
    """Make the function that turns an animated frame into what is shown of it.

    Args:
        view: what to show.
        animator: whose frames are shown; its source stands in every sheet.
        style: colours and sizes of the sheets.
        whole: the picture to which its source belongs, shown by detailed and full sheets
            where it was cropped.
    """
    if view == "generated":
        return lambda frames: frames[0].prediction
    from fomm_core.visualize import SheetFrame, SheetRenderer, SheetStyle

    renderer = SheetRenderer(
        view,
        animator.source,
        animator.kp_source,
        SheetStyle(style.kp_size, style.draw_border, style.colormap),
        _overview(whole, animator, style) if whole is not None and whole.crops else None,
    )

    def sheet(frames: Sequence[AnimatedFrame]) -> Frame:
        frame = frames[0]
        return renderer.render(
            SheetFrame(
                generated=frame.prediction,
                driving=frame.driving,
                kp_driving=frame.keypoints_driving,
                kp_generated=frame.keypoints,
                diagnostics=frame.diagnostics,
            )
        )

    return sheet


def _overview(source: SourcePicture, animator: Animator, style: VisualizerParams) -> Frame:
    """The whole picture with the square of the animator, and with its keypoints."""
    from fomm_core.visualize import MarkedSquare, draw_overview

    crop, (height, width) = source.crops[0], animator.source.shape[:2]
    square = MarkedSquare(crop.left, crop.top, crop.side, animator.kp_source)
    return draw_overview(source.picture, [square], (height, width), style.kp_size, style.colormap)


def make_picture_view(source: SourcePicture, size: tuple[int, int], detail: bool) -> FrameView:
    """Make the function that gives the whole picture with all its squares moving.

    Args:
        source: the picture.
        size: (height, width) of the animated frames.
        detail: add the picture's own fine detail to enlarged squares; the frames then need
            their inner maps.
    """
    paster = Paster(source.picture, source.crops)
    details = [_detail_of(source, crop, size) for crop in source.crops] if detail else None

    def whole(frames: Sequence[AnimatedFrame]) -> Frame:
        squares = [each.prediction for each in frames]
        if details is not None:
            squares = [_enlarged(*pair) for pair in zip(details, frames, strict=True)]
        return paster.paste(squares)

    return whole


def frames_of_squares(
    frame: AnimatedFrame, followers: Sequence[Animator]
) -> tuple[AnimatedFrame, ...]:
    """The frames of all squares at one moment: the first one's, and those that follow it."""
    return frame, *(follower.follow(frame) for follower in followers)


def _detail_of(source: SourcePicture, crop: Crop, size: tuple[int, int]) -> SourceDetail:
    side = round(crop.side)
    return SourceDetail(crop.cut(source.picture, (side, side)), size)


def _enlarged(detail: SourceDetail, frame: AnimatedFrame) -> Frame:
    if frame.diagnostics is None:
        return frame.prediction
    return detail.enlarge(frame.prediction, frame.diagnostics)
