"""Put the figures of the embedded model on record, where tests and readers find them.

    uv run python packages/fomm-eval/benchmarks/record_figures.py

Run it after the embedded model was replaced, and commit what it changes:

- tests/report/regression.json: the figures below which a test lets no model fall;
- README.md: the table of the cross-identity benchmark, drawn anew from its seed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fomm_core.benchmark_format import open_benchmark
from fomm_core.cli.main import run
from fomm_core.loading import Model, load_model
from fomm_core.model.samples import SAMPLE_DRIVING
from fomm_core.pipeline.options import AnimationOptions
from fomm_eval.benchmark.measure import BenchmarkResult, measure
from fomm_eval.comparison.compare import evaluate
from fomm_eval.data.clips import pair_clips
from fomm_eval.metrics import Summary
from fomm_eval.reconstruction.reconstruct import ReconstructionSettings, reconstruct_video
from fomm_eval.report.records import write_text
from fomm_eval.report.regression import Record, record_of, write_record

PACKAGE = Path(__file__).parents[1]
REGRESSION = PACKAGE / "tests" / "report" / "regression.json"
README = PACKAGE / "README.md"
BEGIN, END = "<!-- figures of record_figures.py -->\n", "<!-- end of figures -->\n"
CASES, SEED = 16, 0


def main() -> None:
    """Measure the embedded model and write its figures."""
    with tempfile.TemporaryDirectory() as name, load_model("avatar") as model:
        write_record(REGRESSION, regression_record(model, Path(name) / "reconstruction"))
        result = benchmark_result(model, Path(name) / "benchmark")
    table = benchmark_table(result)
    write_text(README, put_table(README.read_text(encoding="utf-8"), table))
    sys.stdout.write(table)


def regression_record(model: Model, folder: Path) -> Record:
    """The figures of the embedded sample, reconstructed without loss."""
    options = AnimationOptions(png=True, view="generated")
    settings = ReconstructionSettings(folder, options=options)
    reconstruct_video(model, SAMPLE_DRIVING, settings)
    pairs = pair_clips(SAMPLE_DRIVING, settings.outputs(SAMPLE_DRIVING.stem)[0])
    return record_of(evaluate(pairs).scores)


def benchmark_result(model: Model, folder: Path) -> BenchmarkResult:
    """Draw the benchmark (a command of fomm-train) and measure the model on it."""
    size = str(model.frame_size[0])
    words = ["--out", str(folder), "--benchmark", str(CASES), "--size", size, "--seed", str(SEED)]
    if run(["avatars", *words]) != 0:
        raise SystemExit(1)
    return measure(model, open_benchmark(folder))


def benchmark_table(result: BenchmarkResult) -> str:
    """The result in words and as a table of Markdown."""
    settings = result.benchmark.settings
    frames = result.methods[0].scores.frames // settings.count
    names = (f"`{result.methods[0].name}`", *(method.name for method in result.methods[1:]))
    lines = [_line(["metric", *names]), _line(["---"] * (len(names) + 1))]
    for metric in result.metrics:
        found = [method.scores.overall(metric) for method in result.methods]
        lines.append(_line([metric.title, *map(_cell, found)]))
    told = (
        f"The embedded model, {settings.size}x{settings.size}, seed {settings.seed}, "
        f"{settings.count} cases of {frames} frames; in brackets 95 % intervals\n"
        "over the cases:\n\n"
    )
    return told + "\n".join(lines) + "\n"


def put_table(readme: str, table: str) -> str:
    """The README with another table between its two marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table}{END}{after}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(summary: Summary | None) -> str:
    if summary is None:
        return "-"
    return f"{summary.mean:#.3g} [{summary.low:#.3g}, {summary.high:#.3g}]"


if __name__ == "__main__":
    main()
