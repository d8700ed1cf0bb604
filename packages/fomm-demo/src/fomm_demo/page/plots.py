"""Plots of the keypoints' paths over time, as SVG that fits any width and both colour modes.

Gradio's ``gr.LinePlot`` was tried: it marks no frame, would be sent anew (320 kB for 400 frames
in place of 60) for each frame that is looked at, and shows the keypoints' bright colours, made
for dark ground, unreadably on a white one.
"""

from __future__ import annotations

from html import escape

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_core.motion.template import MotionTemplate
from fomm_core.visualize import keypoint_colors

_WIDTH, _HEIGHT = 640.0, 180.0
_MOST_POINTS = 400


def path_plots(motion: MotionTemplate, marked: int | None = None) -> str:
    """Two plots, left-right and up-down, with a line for each keypoint.

    Args:
        motion: the keypoints of all frames.
        marked: a frame to mark with a vertical line.
    """
    colors = [_hex(color) for color in keypoint_colors(motion.values.shape[1])]
    seconds = len(motion) / float(motion.frame_rate)
    plots = [
        _plot("Left and right", motion.values[:, :, 0], colors, marked, seconds),
        _plot("Up and down", -motion.values[:, :, 1], colors, marked, seconds),
    ]
    legend = "".join(
        f'<span><i style="background:{color}"></i>{number}</span>'
        for number, color in enumerate(colors)
    )
    return (
        f'<div class="fd-paths">{"".join(plots)}'
        f'<p class="fd-legend">Keypoint {legend}<em>{len(motion)} frames</em></p></div>'
    )


def _plot(
    title: str, values: FloatArray, colors: list[str], marked: int | None, seconds: float
) -> str:
    """One plot of (N, K) values that grow upwards, over so many seconds."""
    low, high = float(values.min()), float(values.max())
    span = max(high - low, 1e-6)
    count = len(values)
    step = max(1, -(-count // _MOST_POINTS))
    frames = np.arange(0, count, step)
    across = frames / max(1, count - 1) * _WIDTH
    down = (high - values[frames]) / span * (_HEIGHT - 12) + 6
    lines = "".join(
        f'<polyline stroke="{color}" points="{_points(across, down[:, keypoint])}"/>'
        for keypoint, color in enumerate(colors)
    )
    mark = ""
    if marked is not None:
        x = marked / max(1, count - 1) * _WIDTH
        mark = f'<line class="fd-mark" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_HEIGHT:g}"/>'
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" preserveAspectRatio="none" role="img" '
        f'aria-label="Keypoints over time: {escape(title.lower())}">{lines}{mark}</svg>'
        f'<p class="fd-axis"><span>0 s</span><span>{seconds:.1f} s</span></p></figure>'
    )


def _points(across: FloatArray, down: FloatArray) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True))


def _hex(color: FloatArray) -> str:
    red, green, blue = (int(part) for part in color)
    return f"#{red:02x}{green:02x}{blue:02x}"
