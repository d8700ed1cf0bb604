"""Measure this machine, and print the READMEs' tables of speed for it.

    uv run python tools/speed_tables.py [--seconds 20]

Everything comes from ``fomm bench``: ``vox-256`` with random parameters and the embedded
``avatar``, each on every engine that is there, and on PyTorch where it is installed. The first line
names the machine. Run it while the machine does nothing else.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from fomm_core.cli.bench_tables import format_markdown, shortened

SUBJECTS = (("--config", "vox-256", "--compare"), ("--model", "avatar", "--compare"))

COLUMNS = {
    "NNabla": ("nnabla", "fp32"),
    "PyTorch": ("pytorch", "fp32"),
    "OpenVINO": ("openvino", "fp32"),
    "OpenVINO, `--precision fast`": ("openvino", "fast"),
}
"""Columns of the first table, each with an engine and its precision."""

HEADER = f"| two cores with | {' | '.join(COLUMNS)} |"
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
    found = [_measure(*words, "--seconds", seconds) for words in SUBJECTS]
    machine = found[0]["machine"]
    print(f"{machine['cores']} cores of {machine['cpu']}, {machine['system']}\n")
    print(f"{rates_table(machine, found[0]['results'])}\n")
    print(format_markdown([result for each in found for result in each["results"]]))


def rates_table(machine: dict[str, Any], results: Sequence[dict[str, Any]]) -> str:
    """Lay out frames per second as README.md does: a machine in a line.

    Args:
        machine, results: of ``fomm bench --json``.
    """
    rates = {(result["engine"], result["precision"]): result["fps"] for result in results}
    cells = (shortened(rates[key]) if key in rates else "-" for key in COLUMNS.values())
    rule = "| --- " * (len(COLUMNS) + 1) + "|"
    return "\n".join([HEADER, rule, f"| {_instructions(machine)} | {' | '.join(cells)} |"])


def _instructions(machine: dict[str, Any]) -> str:
    """The fastest instruction set that the processor has; its name where none is known."""
    features = machine["cpu_features"]
    return next((text for name, text in _INSTRUCTIONS.items() if name in features), machine["cpu"])


def _measure(*words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "fomm_core.cli.main", "bench", "--json", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
