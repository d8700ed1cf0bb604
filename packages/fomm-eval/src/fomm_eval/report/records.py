"""Results as plain records: what the table, JSON and CSV have in common."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fomm_core.utils.files import atomic_path
from fomm_core.utils.paths import as_utf8, printable
from fomm_eval.comparison.scores import Scores
from fomm_eval.metrics import Metric, Summary

OVERALL = "(all)"
"""Stands for all clips together."""


@dataclass(frozen=True)
class Row:
    """One metric of one clip, or of all.

    Attributes:
        subject: name of the clip, or :data:`OVERALL`.
        metric: which.
        summary: its figures; ``None`` where no frame has it.
    """

    subject: str
    metric: Metric
    summary: Summary | None


def rows_of(scores: Scores) -> list[Row]:
    """All rows, those of all clips together first."""
    rows = [Row(OVERALL, metric, scores.overall(metric)) for metric in scores.metrics]
    for clip in scores.clips:
        rows += [Row(clip.name, metric, clip.summary(metric)) for metric in scores.metrics]
    return rows


def to_json(rows: Sequence[Row], facts: dict[str, Any]) -> str:
    """The rows as JSON: ``metrics``, ``overall`` and ``clips``, after whatever else is to be told.

    Args:
        rows: as of :func:`rows_of`.
        facts: told first, such as the extractors' names.
    """
    subjects: dict[str, dict[str, Any]] = {}
    for row in rows:
        figures = None if row.summary is None else asdict(row.summary)
        subjects.setdefault(printable(row.subject), {})[row.metric.name] = figures
    overall = subjects.pop(OVERALL, {})
    metrics = {row.metric.name: asdict(row.metric) for row in rows}
    told = {key: printable(v) if isinstance(v, str) else v for key, v in facts.items()}
    content = {**told, "metrics": metrics, "overall": overall, "clips": subjects}
    return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def to_csv(rows: Sequence[Row]) -> str:
    """The rows as CSV, one line for each clip and metric."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["clip", "metric", "mean", "std", "low", "high", "count"])
    for row in rows:
        figures = [""] * 5 if row.summary is None else list(asdict(row.summary).values())
        writer.writerow([printable(row.subject), row.metric.name, *figures])
    return text.getvalue()


def frames_csv(scores: Scores) -> str:
    """The values of all frames as CSV; empty where a frame has none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["clip", "frame", *(metric.name for metric in scores.metrics)])
    for clip in scores.clips:
        columns = [clip.column(metric) for metric in scores.metrics]
        for index in range(clip.frames):
            cells = [f"{v[index]:.6g}" if w[index] > 0 else "" for v, w in columns]
            writer.writerow([printable(clip.name), index, *cells])
    return text.getvalue()


def write_text(path: Path, text: str) -> None:
    """Write a text whole or not at all; bytes of names that are no UTF-8 are shown escaped.

    Missing folders are made.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_path(path, parents=True) as partial:
        partial.write_text(as_utf8(text), encoding="utf-8", newline="")
