"""The tables of ``fomm bench``; results are as its JSON has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fomm_core.model.bundle import STAGES

WORK_TITLE = "GMAC of a call, and GFLOP/s reached (1 GMAC is 2 GFLOP)"


def with_work(result: Mapping[str, Any], stage_gmac: Mapping[str, float]) -> dict[str, Any]:
    """A result with ``stage_gmac``, and with ``stage_gflops`` a second of the timed stages.

    Args:
        result: of one engine.
        stage_gmac: multiplications with additions of one call of each stage, in 10^9.
    """
    timed = {stage: ms for stage, ms in result["stage_ms"].items() if ms and stage in stage_gmac}
    return {
        **result,
        "stage_gmac": {stage: round(gmac, 4) for stage, gmac in stage_gmac.items()},
        "stage_gflops": {s: round(2000 * stage_gmac[s] / ms, 1) for s, ms in timed.items()},
    }


def format_table(results: Sequence[dict[str, Any]]) -> str:
    """Lay the results out as a table whose last column compares with the slowest."""
    slowest = min(result["fps"] for result in results)
    titles = ("engine", "precision", *(f"{s} ms" for s in STAGES), "fps", "first s", "MB", "speed")
    rows = [titles]
    for result in results:
        stages = [f"{result['stage_ms'].get(stage, 0):.2f}" for stage in STAGES]
        rows.append(
            (
                result["engine"],
                result["precision"],
                *stages,
                f"{result['fps']:.2f}",
                f"{result['first_frame_s']:.2f}",
                f"{result['peak_rss_mb']:.0f}",
                f"{result['fps'] / slowest:.1f}x",
            )
        )
    height, width = results[0]["size"]
    return "\n".join([f"{results[0]['model']}, {width}x{height}", *_aligned(rows)])


def format_work(results: Sequence[dict[str, Any]]) -> str:
    """Lay out the work of each stage, and how fast each engine does it."""
    gmac = [f"{results[0]['stage_gmac'].get(stage, 0):.2f}" for stage in STAGES]
    rows = [("engine", "precision", *STAGES), ("GMAC", "", *gmac)]
    for result in results:
        reached = [f"{result['stage_gflops'].get(stage, 0):.0f}" for stage in STAGES]
        rows.append((result["engine"], result["precision"], *reached))
    return "\n".join([WORK_TITLE, *_aligned(rows)])


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The rows as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.rjust, row, widths)) for row in rows]
