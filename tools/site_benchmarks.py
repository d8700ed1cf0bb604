"""List the benchmarks of all packages by what their first lines say.

A line ``benchmarks: all`` becomes the table.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from workspace import ROOT, find_packages

_ALL = "\nbenchmarks: all\n"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in the table."""
    rows = "\n".join(["| file | what it measures |", "| --- | --- |", *_rows()])
    return markdown.replace(_ALL, f"\n{rows}\n")


def _rows() -> Iterator[str]:
    for package in find_packages(ROOT):
        for path in sorted(package.folder.glob("benchmarks/*.py")):
            said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            subject = said.partition("\n")[0].rstrip(".")
            yield f"| `{path.relative_to(ROOT / 'packages')}` | {subject} |"
