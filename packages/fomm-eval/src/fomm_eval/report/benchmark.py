"""The outcome of a benchmark as text, JSON, CSV and a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fomm_core.utils.paths import printable
from fomm_eval._version import __version__
from fomm_eval.benchmark.measure import BenchmarkResult, Example
from fomm_eval.metrics import Metric, Summary
from fomm_eval.report.page import facts_table, picture, plain_table, render_page, worst_figure
from fomm_eval.report.plots import bars_plot
from fomm_eval.report.records import write_text
from fomm_eval.report.table import align

_Figures = dict[str, dict[Metric, Summary | None]]


def format_result(result: BenchmarkResult) -> str:
    """A table: one line for each metric, means of the methods with their intervals."""
    titles, lines = _table(result.metrics, _figures(result))
    return align([titles, *lines]) + f"\n{_scope(result)}; in brackets 95 % intervals"


def write_result(folder: Path, result: BenchmarkResult, name: str = "avatars") -> None:
    """Write ``avatars.json``, ``avatars.csv`` and ``avatars.html``, or those of another name.

    Args:
        folder: is made where it is missing.
        result: what to write.
        name: of the files, without ending.

    Raises:
        OutputError: they cannot be written.
    """
    figures = _figures(result)
    write_text(folder / f"{name}.json", _json(result, figures))
    write_text(folder / f"{name}.csv", _csv(figures))
    write_text(folder / f"{name}.html", _page(result, figures))


def _figures(result: BenchmarkResult) -> _Figures:
    return {
        method.name: {metric: method.scores.overall(metric) for metric in result.metrics}
        for method in result.methods
    }


def _facts(result: BenchmarkResult) -> dict[str, Any]:
    benchmark = result.benchmark
    return {
        "benchmark": printable(str(benchmark.folder)),
        "model": result.methods[0].name,
        "motion": result.motion,
        "cases": len(benchmark.cases),
        "frames": result.methods[0].scores.frames,
        "size": benchmark.settings.size,
        "seed": benchmark.settings.seed,
        "version": __version__,
    }


def _scope(result: BenchmarkResult) -> str:
    facts = _facts(result)
    return "{cases} cases, {frames} frames, seed {seed}, {motion} motion".format(**facts)


def _table(metrics: Sequence[Metric], figures: _Figures) -> tuple[list[str], list[list[str]]]:
    titles = ["metric", *figures]
    lines = [
        [metric.title, *(_cell(summaries[metric]) for summaries in figures.values())]
        for metric in metrics
    ]
    return titles, lines


def _cell(summary: Summary | None) -> str:
    if summary is None:
        return "-"
    return f"{summary.mean:.4f} [{summary.low:.4f}, {summary.high:.4f}]"


def _json(result: BenchmarkResult, figures: _Figures) -> str:
    answers = {
        name: {metric.name: found and asdict(found) for metric, found in summaries.items()}
        for name, summaries in figures.items()
    }
    content = {**_facts(result), "answers": answers}
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _csv(figures: _Figures) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["answer", "metric", "mean", "std", "low", "high", "count"])
    for name, summaries in figures.items():
        for metric, found in summaries.items():
            cells = [""] * 5 if found is None else list(asdict(found).values())
            writer.writerow([name, metric.name, *cells])
    return text.getvalue()


def _page(result: BenchmarkResult, figures: _Figures) -> str:
    body = [
        facts_table([(name, str(value)) for name, value in _facts(result).items()]),
        plain_table(*_table(result.metrics, figures)),
        "<p>Means, in brackets their 95&nbsp;% intervals over the cases.</p>",
        *(_bars(metric, figures) for metric in result.metrics),
        plain_table(("figure", "what it is"), [(m.name, m.description) for m in result.metrics]),
        "<h2>Examples</h2><p>Source, driving frame, true answer, the model's answer.</p>",
        *(_example(example) for example in result.examples),
        "<h2>Worst frames</h2><p>True answer, the model's, and their difference (3 times).</p>",
        *(worst_figure(frame) for frame in result.worst),
    ]
    return render_page("fomm evaluate: cross-identity benchmark", body)


def _bars(metric: Metric, figures: _Figures) -> str:
    found = {name: summaries[metric] for name, summaries in figures.items()}
    shown = {name: summary for name, summary in found.items() if summary is not None}
    if not shown:
        return ""
    title = f"{metric.title} ({metric.better} is better)"
    means = [summary.mean for summary in shown.values()]
    spans = [(summary.low, summary.high) for summary in shown.values()]
    return bars_plot(title, list(shown), means, spans)


def _example(example: Example) -> str:
    images = (example.source, example.driving, example.target, example.prediction)
    return picture(np.hstack(images), example.name)
