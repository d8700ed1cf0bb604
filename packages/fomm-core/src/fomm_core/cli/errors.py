"""What one of several processes says before it ends them all."""

from __future__ import annotations

import traceback

from fomm_core.cli.main import EXIT_DEFECT, EXIT_INTERRUPTED, EXIT_USER_ERROR
from fomm_core.errors import FommError


def format_error(error: BaseException, rank: int) -> tuple[str, int]:
    """Say what a process of a parallel program ran into, as a single program would.

    Args:
        error: what it ran into.
        rank: its number.

    Returns:
        The text, one line except after a defect, which shows its traceback; and the exit code.
    """
    if isinstance(error, FommError):
        return f"fomm: error: rank {rank}: {' '.join(str(error).split())}", EXIT_USER_ERROR
    if isinstance(error, KeyboardInterrupt):
        return f"fomm: rank {rank}: interrupted", EXIT_INTERRUPTED
    trace = "".join(traceback.format_exception(error))
    reason = f"unexpected {type(error).__name__}: {error}"
    return f"{trace}fomm: error: rank {rank}: {reason}", EXIT_DEFECT
