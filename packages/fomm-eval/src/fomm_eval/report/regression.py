"""Regression of a model: figures on record, and those that fall behind them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from fomm_eval.comparison.scores import Scores
from fomm_eval.errors import EvaluationError
from fomm_eval.metrics import Metric, Summary
from fomm_eval.report.records import write_text

Record = dict[str, Summary]
"""Figures by the names of their metrics."""


def record_of(scores: Scores) -> Record:
    """The overall figures, to be put on record."""
    found = {metric.name: scores.overall(metric) for metric in scores.metrics}
    return {name: summary for name, summary in found.items() if summary is not None}


def find_worsened(record: Record, scores: Scores) -> list[str]:
    """The metrics whose mean is worse than the recorded 95 % interval.

    Args:
        record: the figures on record.
        scores: the figures now.

    Returns:
        One line for each, that says what was expected and found; empty if all is well.
    """
    checks = ((record.get(metric.name), metric) for metric in scores.metrics)
    found = (_problem(metric, known, scores.overall(metric)) for known, metric in checks if known)
    return [problem for problem in found if problem]


def _problem(metric: Metric, known: Summary, now: Summary | None) -> str:
    """Say what is worse than on record; empty if nothing is."""
    if now is None:
        return f"{metric.name}: expected a value, found none"
    if metric.better == "lower" and now.mean > known.high:
        return f"{metric.name}: expected {known.high:.4g} or less, found {now.mean:.4g}"
    if metric.better == "higher" and now.mean < known.low:
        return f"{metric.name}: expected {known.low:.4g} or more, found {now.mean:.4g}"
    return ""


def write_record(path: Path, record: Record) -> None:
    """Write figures as JSON.

    Raises:
        OutputError: they cannot be written.
    """
    content = {name: asdict(summary) for name, summary in record.items()}
    write_text(path, json.dumps(content, indent=2) + "\n")


def read_record(path: Path) -> Record:
    """Read what :func:`write_record` wrote.

    Raises:
        EvaluationError: the file is missing or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: Summary(**figures) for name, figures in content.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise EvaluationError(f"{path}: expected figures on record, found none: {error}") from error
