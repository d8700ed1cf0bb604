"""All series of a training as one picture."""

from __future__ import annotations

import math

import numpy as np

from fomm_core.distributed.communicator import DoubleArray
from fomm_core.utils.files import atomic_path
from fomm_train.monitoring.log_directory import LogDirectory
from fomm_train.monitoring.series import read_series, series_files

_MOST_POINTS = 2000
_COLUMNS = 3
_WIDTH, _HEIGHT = 4.5, 2.8  # of one series, in inches


def draw_curves(directory: LogDirectory) -> None:
    """Draw every series of the directory into its ``loss_curves.png``.

    Nothing is drawn while no series has a line.

    Raises:
        OutputError: the picture cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    series = {name: read_series(path) for name, path in series_files(directory).items()}
    series = {name: values for name, values in series.items() if len(values)}
    if not series:
        return
    rows = math.ceil(len(series) / _COLUMNS)
    figure = Figure(figsize=(_WIDTH * _COLUMNS, _HEIGHT * rows))
    axes = np.atleast_1d(figure.subplots(rows, _COLUMNS, squeeze=False)).ravel()
    for axis, (name, values) in zip(axes, series.items(), strict=False):
        points = _thinned(values)
        axis.plot(points[:, 0] + 1, points[:, 1], linewidth=1)
        axis.set_title(name.replace("_", " "), fontsize=10)
        axis.set_xlabel("steps", fontsize=8)
        axis.grid(alpha=0.3)
    for axis in axes[len(series) :]:
        axis.remove()
    edge = 0.5 / rows / _HEIGHT
    figure.subplots_adjust(0.05, edge, 0.99, 1 - edge, wspace=0.18, hspace=0.45)
    with atomic_path(directory.curves) as partial:
        FigureCanvasAgg(figure)
        figure.savefig(partial, format="png")


def _thinned(values: DoubleArray) -> DoubleArray:
    """Means of neighbouring rows, few enough to draw."""
    size = math.ceil(len(values) / _MOST_POINTS)
    whole = len(values) // size * size
    means: DoubleArray = values[:whole].reshape(-1, size, 2).mean(axis=1)
    return means
