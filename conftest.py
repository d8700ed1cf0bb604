"""Rules for the tests of all packages: random numbers that are fixed, and reruns by mark only.

Hypothesis draws from the seed in ``pyproject.toml`` (``--hypothesis-seed`` gives another).
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

SEED = 313
"""Of Python's, NumPy's and NNabla's global generators, before each test."""

RERUN_MARKS = ("browser", "mpi")
"""Tests that wait for programs of others, which a busy machine may make wait too long."""

# Machines differ in speed and are busy with other things.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
# Where the same examples ran on another Python or with other libraries.
settings.register_profile("brief", deadline=None, max_examples=20)


def pytest_configure() -> None:
    """Set up the process as ``fomm`` does, and as a terminal would.

    OpenVINO's import is reported to nobody, and Ctrl-C is felt even where it is ignored: by
    jobs that scripts start with ``&``.
    """
    sys.modules.setdefault("openvino_telemetry", None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header(config: pytest.Config) -> str:
    """Print the seeds."""
    hypothesis = config.getoption("hypothesis_seed")
    return f"seeds: Hypothesis {hypothesis}; random, NumPy and NNabla {SEED} before each test"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half of the cores: ``tox -p 2`` runs two sets of tests side by side."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (cores or 1) // 2)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Let no test depend on what drew random numbers before it."""
    random.seed(SEED)
    # Neither is imported for the sake of a test that needs it not.
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(SEED)
    if "nnabla.random" in sys.modules:
        sys.modules["nnabla.random"].seed(SEED)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let marked tests be tried again, and no others."""
    for item in items:
        if any(item.get_closest_marker(name) for name in RERUN_MARKS):
            item.add_marker(pytest.mark.flaky(reruns=2))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print which tests were tried again, and why."""
    reruns = terminalreporter.getreports("rerun")
    if reruns:
        terminalreporter.section("tried again")
    for report in reruns:
        terminalreporter.line(f"RERUN {report.nodeid}: {''.join(_reason(report))}")


def _reason(report: pytest.TestReport) -> Iterator[str]:
    crash = getattr(report.longrepr, "reprcrash", None)
    yield crash.message.partition("\n")[0] if crash else str(report.longrepr)
