"""What is shown of an animated frame: the frame alone, or a sheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from fomm_core.animator import AnimatedFrame, Animator, Frame
from fomm_core.config import VisualizerParams

View = Literal["generated", "default", "detailed", "full"]
"""The generated frame alone, or one of the sheets (:data:`fomm_core.visualize.SheetKind`)."""

FrameView = Callable[[AnimatedFrame], Frame]


def needs_diagnostics(view: View) -> bool:
    """Whether a view shows the inner maps."""
    return view in ("detailed", "full")


def make_view(view: View, animator: Animator, style: VisualizerParams) -> FrameView:
    """Make the function that turns an animated frame into what is shown of it.

    Args:
        view: what to show.
        animator: whose frames are painted; its source stands in every sheet.
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

    def paint(frame: AnimatedFrame) -> Frame:
        return renderer.render(
            SheetFrame(
                generated=frame.prediction,
                driving=frame.driving,
                kp_driving=frame.keypoints_driving,
                kp_generated=frame.keypoints,
                diagnostics=frame.diagnostics,
            )
        )

    return paint
