"""A new Python interpreter that finds the modules that this one finds."""

from __future__ import annotations

import sys


def python_command(code: str) -> list[str]:
    """The command line of an interpreter that runs some code, with this one's import path.

    Args:
        code: statements.
    """
    return [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}\n{code}"]
