"""Measure this machine, and print the READMEs' tables of speed for it.

    uv run python tools/speed_tables.py [--seconds 20]

Everything comes from ``fomm bench``: ``vox-256`` with random parameters and the embedded models
``face`` and ``avatar``, each on every engine that is there and runs it, and on PyTorch where it is
installed. The first line names the machine. Run it while the machine does nothing else.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence

from fomm_core.cli.bench_tables import format_markdown, shortened
from fomm_core.pipeline.bench_report import BenchReport, Measurement
from fomm_core.utils.machine import Machine

SUBJECTS = (("--config", "vox-256"), ("--model", "face"), ("--model", "avatar"))
"""The models as ``fomm bench`` is told them; those of the first table come first."""

IN_RATES = 2
"""Number of models in the first table: those of 256x256."""

COLUMNS = {
    "NNabla": ("nnabla", "fp32"),
    "PyTorch": ("pytorch", "fp32"),
    "OpenVINO": ("openvino", "fp32"),
    "OpenVINO, `--precision fast`": ("openvino", "fast"),
}
"""Columns of the first table, each with an engine and its precision."""

HEADER = f"| model | two cores with | {' | '.join(COLUMNS)} |"
_INSTRUCTIONS = {
    "avx512_bf16": "AVX-512, bfloat16",
    "avx512f": "AVX-512",
    "avx2": "AVX2",
}
"""Names of instruction sets by what a processor calls them, the fastest first."""


def main() -> None:
    """Measure, and print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", default="5", help="of each engine and model")
    seconds = parser.parse_args().seconds
    reports = [_measure(*words, "--seconds", seconds) for words in SUBJECTS]
    machine = reports[0].machine
    print(f"{machine.cores} cores of {machine.cpu}, {machine.system}\n")
    print(f"{rates_table(machine, [report.results for report in reports[:IN_RATES]])}\n")
    print(format_markdown([result for report in reports for result in report.results]))


def rates_table(machine: Machine, models: Sequence[Sequence[Measurement]]) -> str:
    """Lay out frames per second as README.md does: a model on a machine in a line.

    Args:
        machine: where they were measured.
        models: the measurements of each model, at least one.
    """
    rule = "| --- " * (len(COLUMNS) + 2) + "|"
    return "\n".join([HEADER, rule, *(_rates_line(machine, results) for results in models)])


def _rates_line(machine: Machine, results: Sequence[Measurement]) -> str:
    rates = {(result.engine, result.precision): result.fps for result in results}
    cells = (shortened(rates[key]) if key in rates else "-" for key in COLUMNS.values())
    return f"| {results[0].model} | {_instructions(machine)} | {' | '.join(cells)} |"


def _instructions(machine: Machine) -> str:
    """The fastest instruction set that the processor has; its name where none is known."""
    known = (text for name, text in _INSTRUCTIONS.items() if name in machine.cpu_features)
    return next(known, machine.cpu)


def _measure(*words: str) -> BenchReport:
    command = [sys.executable, "-m", "fomm_core.cli.main", "bench", "--json", "--compare", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return BenchReport.from_json(done.stdout.decode())


if __name__ == "__main__":
    main()
