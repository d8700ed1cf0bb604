import io
import re
import sys

import pytest

from fomm_train.checkpoint import Progress
from fomm_train.graph.step import Loss
from fomm_train.monitoring.progress_bar import ProgressBar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(monkeypatch, stderr, **options):
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("COLUMNS", "120")
    with ProgressBar(Progress(10, 5, 4), 15, 3, **options) as bar:
        for step in range(11, 16):
            losses = [Loss("total_generator", 12.345), Loss("perceptual", 9.9)]
            bar.advance(Progress(step, 5, 4), losses)
    return stderr.getvalue()


def test_epochs_samples_and_totals_are_shown(monkeypatch):
    text = shown(monkeypatch, Terminal())
    last = text.strip().split("\r")[-1]
    assert "epoch 3/3" in last
    assert "60/60" in last
    assert re.search(r"samples/s|s/ samples", last)


@pytest.mark.parametrize(("stderr", "quiet"), [(io.StringIO(), False), (Terminal(), True)])
def test_nothing_is_shown_without_a_terminal_or_where_not_wanted(monkeypatch, stderr, quiet):
    assert shown(monkeypatch, stderr, quiet=quiet) == ""
