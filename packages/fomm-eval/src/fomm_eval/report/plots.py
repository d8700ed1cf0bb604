"""Plots as SVG, to be put into a page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fomm_core.utils.paths import printable
from fomm_eval.comparison.scores import Scores
from fomm_eval.metrics import Metric
from fomm_eval.metrics.statistics import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BOXES = 40
"""More clips than this are shown as a histogram of their means."""

_FEW_BOXES = 12
_FEW_BARS = 3
_BLUE = "#3b6ea5"
_RED = "#b5483a"


def distribution_plot(scores: Scores, metric: Metric) -> str:
    """Plot the distribution of one metric: a box for each clip, or a histogram of many clips.

    Returns:
        An ``<svg>`` element.
    """
    width = 5.0 if len(scores.clips) <= _FEW_BOXES else 10.0  # two plots side by side, or one
    figure, axes = _figure(width, 3.0)
    columns = [clip.column(metric) for clip in scores.clips]
    values = [column[weights > 0] for column, weights in columns]
    if len(scores.clips) <= MOST_BOXES:
        _boxes(axes, values, [printable(clip.name) for clip in scores.clips])
        axes.set_ylabel(metric.title)
    else:
        axes.hist([found.mean() for found in values if len(found)], bins=30, color=_BLUE)
        axes.set_xlabel(f"{metric.title}, mean of a clip")
        axes.set_ylabel("clips")
    overall = scores.overall(metric)
    if overall is not None and len(scores.clips) <= MOST_BOXES:
        axes.axhline(overall.mean, color=_RED, linewidth=1)
        axes.axhspan(overall.low, overall.high, color=_RED, alpha=0.12, linewidth=0)
    if overall is not None and overall.std == 0:  # else the axis magnifies nothing at all
        axes.set_ylim(overall.mean - 0.5, overall.mean + 0.5)
    axes.set_title(f"{metric.name} ({metric.better} is better)", fontsize=9)
    return _svg(figure)


def bars_plot(
    title: str, names: Sequence[str], means: Sequence[float], spans: Sequence[tuple[float, float]]
) -> str:
    """Means side by side, with their intervals.

    Args:
        title: stands above.
        names: of the bars.
        means: their heights.
        spans: (low, high) of each.

    Returns:
        An ``<svg>`` element.
    """
    figure, axes = _figure(3.4, 2.8)
    below = [max(0.0, mean - low) for mean, (low, _) in zip(means, spans, strict=True)]
    above = [max(0.0, high - mean) for mean, (_, high) in zip(means, spans, strict=True)]
    axes.bar(range(len(names)), means, color=_BLUE, yerr=[below, above], capsize=4)
    axes.set_xticks(range(len(names)), names, fontsize=8)
    axes.set_xlim(-0.6, max(len(names), _FEW_BARS) - 0.4)
    axes.set_title(title, fontsize=9)
    return _svg(figure)


def _boxes(axes: Axes, values: Sequence[Array], names: Sequence[str]) -> None:
    axes.boxplot(
        [found if len(found) else [np.nan] for found in values],
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": "#cfdcec", "edgecolor": _BLUE},
        medianprops={"color": _BLUE},
    )
    axes.set_xticks(range(1, len(names) + 1), [_short(name) for name in names])
    axes.tick_params(axis="x", labelrotation=90 if len(names) > 4 else 0, labelsize=7)


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:15]}..."


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", linewidth=0.4, alpha=0.5)
    return figure, axes


def _svg(figure: Figure) -> str:
    """The figure as an element, without what only stands in files."""
    from matplotlib import rc_context

    text = io.StringIO()
    # No date and no random names: equal results give equal pages.
    with rc_context({"svg.hashsalt": "fomm"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    content = text.getvalue()
    return content[content.index("<svg") :]
