"""The tables of ``fomm bench``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fomm_core.engine.registry import engine_specs
from fomm_core.model.bundle import STAGES

if TYPE_CHECKING:
    from fomm_core.pipeline.bench_report import BenchResult, Measurement

WORK_TITLE = "GMAC of a call, and GFLOP/s reached (1 GMAC is 2 GFLOP)"


def format_table(results: Sequence[Measurement]) -> str:
    """Lay the results out as a table whose last column compares with the slowest."""
    slowest = min(result.fps for result in results)
    titles = ("engine", "precision", *(f"{s} ms" for s in STAGES), "fps", "first s", "MB", "speed")
    rows = [titles]
    for result in results:
        stages = [f"{result.stage_ms.get(stage, 0):.2f}" for stage in STAGES]
        rows.append(
            (
                result.engine,
                result.precision,
                *stages,
                f"{result.fps:.2f}",
                f"{result.first_frame_s:.2f}",
                f"{result.peak_rss_mb:.0f}",
                f"{result.fps / slowest:.1f}x",
            )
        )
    height, width = results[0].size
    return "\n".join([f"{results[0].model}, {width}x{height}", *_aligned(rows)])


def format_work(results: Sequence[BenchResult]) -> str:
    """Lay out the work of each stage, and how fast each engine does it."""
    gmac = [f"{results[0].stage_gmac.get(stage, 0):.2f}" for stage in STAGES]
    rows = [("engine", "precision", *STAGES), ("GMAC", "", *gmac)]
    for result in results:
        reached = [f"{result.stage_gflops.get(stage, 0):.0f}" for stage in STAGES]
        rows.append((result.engine, result.precision, *reached))
    return "\n".join([WORK_TITLE, *_aligned(rows)])


def format_markdown(results: Sequence[Measurement]) -> str:
    """Lay out results, of one model or several, in Markdown; READMEs have tables of this form.

    The last column compares with the slowest of the same model.
    """
    stages = (f"{stage} ms" for stage in STAGES)
    rows = [("model", "engine", *stages, "frames/s", ""), ("---",) * (len(STAGES) + 4)]
    for result in results:
        slowest = min(other.fps for other in results if other.model == result.model)
        speed = f"{shortened(result.fps / slowest).removesuffix('.0')}x"
        times = (shortened(result.stage_ms.get(stage, 0)) for stage in STAGES)
        rows.append((result.model, _label(result), *times, shortened(result.fps), speed))
    return "\n".join(f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows)


def shortened(number: float) -> str:
    """A number of 0 or more with about three digits: ``0.25``, ``4.3``, ``430``."""
    if number >= 100:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 1 else f"{number:.2f}"


def _label(result: Measurement) -> str:
    """The engine, with its precision where it has several."""
    several = {spec.name for spec in engine_specs() if len(spec.precisions) > 1}
    return f"{result.engine}, {result.precision}" if result.engine in several else result.engine


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The rows as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.rjust, row, widths)) for row in rows]
