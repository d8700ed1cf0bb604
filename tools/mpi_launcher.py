"""The MPI launcher that tests of several processes start."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest


def mpirun_or_skip() -> str:
    """Find the mpirun beside this Python, or that of the system.

    Skips the test that asks where mpi4py or mpirun is not installed (extra ``mpi``).
    """
    pytest.importorskip("mpi4py", reason="the extra mpi is not installed")
    beside = Path(sys.executable).parent / "mpirun"
    found = str(beside) if beside.is_file() else shutil.which("mpirun")
    if found is None:
        pytest.skip("no mpirun here: neither the mpich wheel nor a system MPI")
    return found
