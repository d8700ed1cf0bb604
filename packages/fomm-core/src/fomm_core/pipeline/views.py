"""Views of an animated frame: the whole picture, the generated frame alone, or a sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fomm_core.animator import AnimatedFrame, Animator, Frame
from fomm_core.config import VisualizerParams
from fomm_core.face.paste import Paster
from fomm_core.pipeline.options import AnimationOptions, View
from fomm_core.pipeline.source import SourcePicture

FrameView = Callable[[AnimatedFrame], Frame]
"""Gives what is shown of an animated frame, (H, W, 3) uint8; the same size for all frames."""


def needs_diagnostics(view: View) -> bool:
    """Whether a view shows the inner maps."""
    return view in ("detailed", "full")


def shows_driving(view: View) -> bool:
    """Whether a view shows the driving frames."""
    return view != "generated"


def make_view(view: View, animator: Animator, style: VisualizerParams) -> FrameView:
    """Make the function that turns an animated frame into what is shown of it.

    Args:
        view: what to show.
        animator: whose frames are shown; its source stands in every sheet.
        style: colours and sizes of the sheets.
    """
    if view == "generated":
        return lambda frame: frame.prediction
    from fomm_core.visualize import SheetFrame, SheetRenderer, SheetStyle

    renderer = SheetRenderer(
        view,
        animator.source,
        animator.kp_source,
        SheetStyle(style.kp_size, style.draw_border, style.colormap),
    )

    def sheet(frame: AnimatedFrame) -> Frame:
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


def shows_picture(source: SourcePicture, options: AnimationOptions) -> bool:
    """Whether the result is the whole picture, with the generated squares put back into it."""
    wanted = bool(source.crops) if options.paste_back is None else options.paste_back
    return wanted and options.view in ("generated", "default")


def make_picture_view(source: SourcePicture, animators: Sequence[Animator]) -> FrameView:
    """Make the function that gives the whole picture with all its squares moving.

    Args:
        source: the picture.
        animators: of its squares; the first makes the frames, the others follow it.
    """
    paster = Paster(source.picture, source.crops)

    def whole(frame: AnimatedFrame) -> Frame:
        followers = (animator.follow(frame) for animator in animators[1:])
        return paster.paste([frame.prediction, *followers])

    return whole
