"""Drawing for the eye: keypoints on images, and labelled sheets of a whole frame."""

from fomm_core.visualize.dots import draw_keypoints, keypoint_colors
from fomm_core.visualize.overview import MarkedSquare, draw_overview
from fomm_core.visualize.renderer import SheetFrame, SheetKind, SheetRenderer, SheetStyle
from fomm_core.visualize.sheet import Caption, Sheet

__all__ = [
    "Caption",
    "MarkedSquare",
    "Sheet",
    "SheetFrame",
    "SheetKind",
    "SheetRenderer",
    "SheetStyle",
    "draw_keypoints",
    "draw_overview",
    "keypoint_colors",
]
