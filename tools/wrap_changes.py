"""Wrap the change logs of the packages at 100 columns; their texts stay as they are.

Usage: python tools/wrap_changes.py
"""

from __future__ import annotations

import re
import textwrap

from workspace import find_packages

COLUMNS = 100

_BEGINNING = re.compile(r"(?=^(?:- |#))", re.MULTILINE)


def wrapped(text: str) -> str:
    """A change log with each paragraph and each item of a list filled up to :data:`COLUMNS`."""
    return "\n\n".join(_wrapped_block(block) for block in text.strip().split("\n\n")) + "\n"


def _wrapped_block(block: str) -> str:
    """One paragraph, heading or list."""
    return "\n".join(_wrapped_part(part) for part in _BEGINNING.split(block) if part.strip())


def _wrapped_part(part: str) -> str:
    """One item, heading or paragraph."""
    return textwrap.fill(
        " ".join(part.split()),
        COLUMNS,
        subsequent_indent="  " if part.startswith("- ") else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


def main() -> None:
    """Wrap all of them."""
    for package in find_packages():
        path = package.folder / "CHANGELOG.md"
        path.write_text(wrapped(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
