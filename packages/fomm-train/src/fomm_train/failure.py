"""When one rank fails, all end, and the user sees why."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from fomm_core.errors import FommError
from fomm_train.communicator import Communicator

_EXIT_DEFECT = 1
_EXIT_USER_ERROR = 2
_EXIT_INTERRUPTED = 130

# An error that all ranks meet is told by rank 0, which ends the others meanwhile.
_HEAD_START_SECONDS = 2.0
# What mpirun has not passed on when a rank aborts is lost.
_TELLING_SECONDS = 1.0


@contextmanager
def ending_together(communicator: Communicator) -> Iterator[None]:
    """Run the block; if it raises on one of several ranks, tell why and end all of them.

    Without that the others would wait for ever for the rank that is gone. A single process
    just raises.
    """
    try:
        yield
    except BaseException as error:
        if communicator.size == 1 or isinstance(error, SystemExit):
            raise
        if not communicator.is_main:
            time.sleep(_HEAD_START_SECONDS)
        print(_message(error, communicator.rank), file=sys.stderr, flush=True)
        time.sleep(_TELLING_SECONDS)
        communicator.abort(_exit_code(error))
        # Where this process still runs, it must not tell the error again.
        raise SystemExit(_exit_code(error)) from error


def _message(error: BaseException, rank: int) -> str:
    if isinstance(error, FommError):
        return f"fomm: error: rank {rank}: {' '.join(str(error).split())}"
    if isinstance(error, KeyboardInterrupt):
        return f"fomm: rank {rank}: interrupted"
    trace = "".join(traceback.format_exception(error))
    return f"{trace}fomm: error: rank {rank}: unexpected {type(error).__name__}: {error}"


def _exit_code(error: BaseException) -> int:
    if isinstance(error, FommError):
        return _EXIT_USER_ERROR
    return _EXIT_INTERRUPTED if isinstance(error, KeyboardInterrupt) else _EXIT_DEFECT
