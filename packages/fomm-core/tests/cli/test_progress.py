"""The progress bar, as it looks on a terminal and where there is none."""

from __future__ import annotations

import io

import pytest

from fomm_core.cli.progress import ProgressBar
from fomm_core.pipeline.run import Progress


class Terminal(io.StringIO):
    """A stderr that says that it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def show(monkeypatch):
    """Search through four frames, then animate four; returns the bar and what it showed."""

    def run(screen, total, quiet=False):
        with monkeypatch.context() as patch:
            patch.setattr("sys.stderr", screen)
            with ProgressBar(quiet) as bar:
                for stage in ("searching", "animating"):
                    for done in range(1, 5):
                        bar(Progress(stage, done, total))
        return bar, screen.getvalue() if screen else ""

    return run


def test_each_stage_has_a_bar_with_speed_and_time_left(show):
    searching, animating = show(Terminal(), total=4)[1].split("\n")[:2]
    assert "searching the best frame: 100%" in searching
    for text in ("animating: 100%", "4/4", "frames/s", "00:00<00:00"):
        assert text in animating


@pytest.mark.parametrize("total", [None, 2])
def test_an_unknown_or_wrong_number_of_frames_does_no_harm(show, total):
    last = show(Terminal(), total)[1].rstrip("\n").split("\n")[-1]
    assert "animating: 4" in last
    assert "%" not in last.rpartition("\r")[2]


@pytest.mark.parametrize(
    ("screen", "quiet"), [(Terminal(), True), (io.StringIO(), False), (None, False)]
)
def test_there_is_no_bar_where_nobody_sees_it(show, screen, quiet):
    bar, shown = show(screen, 4, quiet)
    assert shown == ""
    assert bar.animated == 4
