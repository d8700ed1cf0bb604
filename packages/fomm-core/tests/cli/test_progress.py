"""The progress bar, as it looks on a terminal and where there is none."""

from __future__ import annotations

import io

import pytest

from fomm_core.cli.progress import ProgressBar
from fomm_core.production import Progress


class Terminal(io.StringIO):
    """A stderr that says that it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    return screen


def show(bar, total):
    """Search through four frames, then animate four."""
    with bar:
        for stage in ("searching", "animating"):
            for done in range(1, 5):
                bar(Progress(stage, done, total))


def test_each_stage_has_a_bar_with_speed_and_time_left(terminal):
    show(ProgressBar(), total=4)
    searching, animating = terminal.getvalue().split("\n")[:2]
    assert "searching the best frame: 100%" in searching
    for text in ("animating: 100%", "4/4", "frames/s", "00:00<00:00"):
        assert text in animating


def test_an_unknown_or_wrong_number_of_frames_does_no_harm(terminal):
    show(ProgressBar(), total=None)
    assert "animating: 4 frames" in terminal.getvalue()
    show(ProgressBar(), total=2)
    assert "animating: 4 frames" in terminal.getvalue().split("\n")[-2]


@pytest.mark.parametrize("where", ["quiet", "no terminal", "nowhere"])
def test_there_is_no_bar_where_nobody_sees_it(terminal, monkeypatch, where):
    if where != "quiet":
        monkeypatch.setattr("sys.stderr", io.StringIO() if where == "no terminal" else None)
    bar = ProgressBar(quiet=where == "quiet")
    show(bar, total=4)
    assert terminal.getvalue() == ""
    assert bar.animated == 4
