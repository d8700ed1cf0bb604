"""When one rank fails, all end, and the user sees why."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fomm_core.cli.errors import format_error
from fomm_train.communicator import Communicator

# An error that all ranks meet is told by rank 0, which ends the others meanwhile.
_HEAD_START_SECONDS = 2.0
# What mpirun has not passed on when a rank aborts is lost.
_TELLING_SECONDS = 1.0


@contextmanager
def abort_all_ranks_on_error(communicator: Communicator) -> Iterator[None]:
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
        text, code = format_error(error, communicator.rank)
        print(text, file=sys.stderr, flush=True)
        time.sleep(_TELLING_SECONDS)
        communicator.abort(code)
        # Where this process still runs, it must not tell the error again.
        raise SystemExit(code) from error
