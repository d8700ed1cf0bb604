"""Put the figures of the embedded models on record, where tests and readers find them.

    uv run python packages/fomm-eval/benchmarks/record_figures.py

Run it after an embedded model was replaced, and commit what it changes:

- tests/report/regression.json, regression_heads.json: the figures below which a test lets no
  model fall;
- README.md: the tables of the cross-identity benchmarks, of avatars drawn anew from their seed
  and of the rendered people that come with the package.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fomm_core.benchmark_format import open_benchmark
from fomm_core.cli.main import run
from fomm_core.loading import Model, load_model
from fomm_core.model.samples import DRAWN_DRIVING
from fomm_core.pipeline.options import AnimationOptions
from fomm_eval.benchmark.measure import BenchmarkResult, MethodResult, measure
from fomm_eval.comparison.compare import evaluate
from fomm_eval.data.clips import pair_clips
from fomm_eval.metrics import Summary
from fomm_eval.reconstruction.reconstruct import ReconstructionSettings, reconstruct_video
from fomm_eval.report.records import write_text
from fomm_eval.report.regression import Record, record_of, write_record
from fomm_eval.samples import HEADS

PACKAGE = Path(__file__).parents[1]
REGRESSION = PACKAGE / "tests" / "report" / "regression.json"
REGRESSION_HEADS = REGRESSION.with_name("regression_heads.json")
README = PACKAGE / "README.md"
CASES, SEED = 16, 0
HEADS_STEP = 6
"""One of so many rendered people is measured by the test."""


def main() -> None:
    """Measure the embedded models and write their figures."""
    with tempfile.TemporaryDirectory() as name, load_model("avatar") as avatar:
        write_record(REGRESSION, regression_record(avatar, Path(name) / "reconstruction"))
        write_table("figures", avatars_table(avatars_result(avatar, Path(name) / "benchmark")))
        with load_model("face") as face:
            write_record(REGRESSION_HEADS, heads_record(face))
            write_table("heads", heads_table(face, avatar))


def regression_record(model: Model, folder: Path) -> Record:
    """The figures of the embedded sample, reconstructed without loss."""
    options = AnimationOptions(png=True, view="generated")
    settings = ReconstructionSettings(folder, options=options)
    reconstruct_video(model, DRAWN_DRIVING, settings)
    pairs = pair_clips(DRAWN_DRIVING, settings.outputs(DRAWN_DRIVING.stem)[0])
    return record_of(evaluate(pairs).scores)


def heads_record(model: Model) -> Record:
    """The figures of some of the rendered people."""
    benchmark = open_benchmark(HEADS)
    few = replace(benchmark, cases=benchmark.cases[::HEADS_STEP])
    return record_of(measure(model, few).methods[0].scores)


def avatars_result(model: Model, folder: Path) -> BenchmarkResult:
    """Draw the benchmark (a command of fomm-train) and measure the model on it."""
    size = str(model.frame_size[0])
    words = ["--out", str(folder), "--benchmark", str(CASES), "--size", size, "--seed", str(SEED)]
    if run(["avatars", *words]) != 0:
        raise SystemExit(1)
    return measure(model, open_benchmark(folder))


def avatars_table(result: BenchmarkResult) -> str:
    """The result on avatars in words and as a table of Markdown."""
    told = f"The embedded model, {_scope(result)}; in brackets 95 % intervals\nover the cases:\n\n"
    return told + benchmark_table(result.methods)


def heads_table(*models: Model) -> str:
    """The figures of models on rendered people, side by side.

    The baselines follow, their keypoints as the first model finds them.
    """
    results = [measure(model, open_benchmark(HEADS)) for model in models]
    told = (
        f"The embedded models, {_scope(results[0])}; in brackets 95 % intervals\n"
        "over the cases:\n\n"
    )
    return told + benchmark_table(
        [*(result.methods[0] for result in results), *results[0].methods[1:]]
    )


def benchmark_table(methods: Sequence[MethodResult]) -> str:
    """The figures of models and the two baselines as a table of Markdown."""
    names = (*(f"`{method.name}`" for method in methods[:-2]), *(m.name for m in methods[-2:]))
    lines = [_line(["metric", *names]), _line(["---"] * (len(names) + 1))]
    for metric in methods[0].scores.metrics:
        found = [method.scores.overall(metric) for method in methods]
        lines.append(_line([metric.title, *map(_cell, found)]))
    return "\n".join(lines) + "\n"


def write_table(name: str, table: str) -> None:
    """Put a table between its two marks in the README, and on the screen."""
    text = README.read_text(encoding="utf-8")
    write_text(README, put_table(text, name, table))
    sys.stdout.write(table)


def put_table(readme: str, name: str, table: str) -> str:
    """The README with another table between its two marks."""
    begin, end = f"<!-- {name} of record_figures.py -->\n", f"<!-- end of {name} -->\n"
    before, _, rest = readme.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}{table}{end}{after}"


def _scope(result: BenchmarkResult) -> str:
    settings = result.benchmark.settings
    frames = result.methods[0].scores.frames // settings.count
    size = f"{settings.size}x{settings.size}"
    return f"{size}, seed {settings.seed}, {settings.count} cases of {frames} frames"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(summary: Summary | None) -> str:
    if summary is None:
        return "-"
    return f"{summary.mean:#.3g} [{summary.low:#.3g}, {summary.high:#.3g}]"


if __name__ == "__main__":
    main()
