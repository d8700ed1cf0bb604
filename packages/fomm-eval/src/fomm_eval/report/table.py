"""Results as a table of text, for the screen."""

from __future__ import annotations

from collections.abc import Sequence

from fomm_core.utils.paths import printable
from fomm_eval.metrics import Summary
from fomm_eval.report.records import OVERALL, Row

MOST_CLIPS = 20
"""A longer list of clips is cut; the files have them all."""


def format_overall(rows: Sequence[Row]) -> str:
    """The metrics of all clips together: mean, deviation, interval, number of values."""
    lines = [("metric", "mean", "std", "95 % interval", "values", "better")]
    for row in rows:
        if row.subject != OVERALL:
            continue
        if row.summary is None:
            lines.append((row.metric.title, "-", "-", "-", "0", row.metric.better))
            continue
        found = row.summary
        interval = f"{found.low:.4f} .. {found.high:.4f}"
        figures = (f"{found.mean:.4f}", f"{found.std:.4f}", interval, f"{found.count}")
        lines.append((row.metric.title, *figures, row.metric.better))
    return align(lines)


def format_clips(rows: Sequence[Row]) -> str:
    """The means of each clip, one line a clip."""
    clips: dict[str, list[Row]] = {}
    for row in rows:
        if row.subject != OVERALL:
            clips.setdefault(row.subject, []).append(row)
    titles = [row.metric.title for row in next(iter(clips.values()), [])]
    lines = [("clip", *titles)]
    for name, found in list(clips.items())[:MOST_CLIPS]:
        lines.append((printable(name), *(_mean(row.summary) for row in found)))
    more = len(clips) - MOST_CLIPS
    return align(lines) + (f"\n... and {more} more clips" if more > 0 else "")


def align(lines: Sequence[Sequence[str]]) -> str:
    """Columns of text: the first to the left, the others to the right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rows = []
    for first, *others in lines:
        cells = [first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]
        rows.append("  ".join(cells).rstrip())
    return "\n".join(rows)


def _mean(summary: Summary | None) -> str:
    return "-" if summary is None else f"{summary.mean:.4f}"
