"""Last words of one of several ranks, before it ends them all."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from fomm_core.cli.main import EXIT_DEFECT, EXIT_INTERRUPTED, EXIT_USER_ERROR
from fomm_core.devices.failures import device_error
from fomm_core.distributed import Communicator
from fomm_core.errors import DistributedError, FommError

# An error that all ranks meet is told by rank 0, which ends the others meanwhile.
_HEAD_START_SECONDS = 2.0
# What mpirun has not passed on when a rank aborts is lost.
_TELLING_SECONDS = 1.0


@contextmanager
def abort_all_ranks_on_error(communicator: Communicator) -> Iterator[None]:
    """Run the block; if it raises on one of several ranks, tell why and end all of them.

    Without that the others would wait for ever for the rank that is gone. A single process
    just raises. A :class:`DistributedError`, which all ranks raise, ends each of them by
    itself: rank 0 raises it, the others exit without a word.
    """
    try:
        yield
    except DistributedError:
        if communicator.is_main:
            raise
        raise SystemExit(EXIT_USER_ERROR) from None
    except BaseException as error:
        if communicator.size == 1 or isinstance(error, SystemExit):
            raise
        if not communicator.is_main:
            time.sleep(_HEAD_START_SECONDS)
        text, code = format_error(error, communicator.rank)
        print(text, file=sys.stderr, flush=True)
        time.sleep(_TELLING_SECONDS)
        communicator.abort(code)
        # Where this process still runs, it must not tell the error again.
        raise SystemExit(code) from error


def format_error(error: BaseException, rank: int) -> tuple[str, int]:
    """Say what a rank ran into, as a single program would.

    Args:
        error: what it ran into.
        rank: its number.

    Returns:
        The text, one line except after a defect, which shows its traceback; and the exit code.
    """
    told = error if isinstance(error, FommError) else device_error(error)
    if told is not None:
        return f"fomm: error: rank {rank}: {' '.join(str(told).split())}", EXIT_USER_ERROR
    if isinstance(error, KeyboardInterrupt):
        return f"fomm: rank {rank}: interrupted", EXIT_INTERRUPTED
    trace = "".join(traceback.format_exception(error))
    reason = f"unexpected {type(error).__name__}: {error}"
    return f"{trace}fomm: error: rank {rank}: {reason}", EXIT_DEFECT
