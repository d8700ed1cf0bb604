"""Writing all files of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fomm_eval._version import __version__
from fomm_eval.comparison.compare import Evaluation
from fomm_eval.report.page import evaluation_page
from fomm_eval.report.records import Row, frames_csv, to_csv, to_json, write_text


def write_evaluation(
    folder: Path, evaluation: Evaluation, rows: Sequence[Row], real: Path, generated: Path
) -> None:
    """Write ``evaluation.json``, ``evaluation.csv``, ``frames.csv`` and ``report.html``.

    Args:
        folder: is made where it is missing.
        evaluation: what to write.
        rows: its figures, as of :func:`~fomm_eval.report.records.rows_of`.
        real, generated: what was compared, to be told.

    Raises:
        OutputError: they cannot be written.
    """
    scores = evaluation.scores
    facts: dict[str, Any] = {
        "real": str(real),
        "generated": str(generated),
        "landmarks": evaluation.landmarks,
        "identity": evaluation.identity,
        "frames": scores.frames,
        "version": __version__,
    }
    write_text(folder / "evaluation.json", to_json(rows, facts))
    write_text(folder / "evaluation.csv", to_csv(rows))
    write_text(folder / "frames.csv", frames_csv(scores))
    told = [(name, "-" if value is None else str(value)) for name, value in facts.items()]
    write_text(folder / "report.html", evaluation_page("fomm evaluate", evaluation, rows, told))
