"""The browser that an address is opened in, in processes that find one, another or none."""

from __future__ import annotations

import subprocess
import sys
import webbrowser
from pathlib import Path
from types import SimpleNamespace

import pytest

from fomm_core.cli.browser import open_in_window

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere browsers have windows"),
]

_CODE = "from fomm_core.cli.browser import open_in_window as o; print(o('http://localhost:1/a'))"


@pytest.fixture
def programs(tmp_path) -> Path:
    """A folder of programs: two browsers that write down what they are to open."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("lynx", "window"):
        (folder / name).write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/{name}.txt\n')
        (folder / name).chmod(0o755)
    return folder


def opened(programs, **environment) -> bool:
    """Whether a process opens a window; its PATH has nothing but those programs."""
    environment = {"PATH": str(programs), "TERM": "xterm", **environment}
    command = [sys.executable, "-c", _CODE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return {"True\n": True, "False\n": False}[done.stdout]


def test_a_browser_in_the_terminal_is_left_alone(programs, tmp_path):
    assert not opened(programs)
    assert not opened(programs, BROWSER="lynx")
    assert not opened(programs, DISPLAY=":7")
    assert not (tmp_path / "lynx.txt").exists()


def test_a_browser_with_a_window_opens_the_address(programs, tmp_path):
    assert opened(programs, BROWSER=str(programs / "window"))
    assert (tmp_path / "window.txt").read_text() == "http://localhost:1/a\n"


def test_without_any_browser_nothing_is_opened(tmp_path):
    assert not opened(tmp_path)


def test_a_browser_without_a_name_has_windows(monkeypatch):
    """As macOS' own has none in Python 3.10."""
    opened = []
    browser = SimpleNamespace(open=lambda address: not opened.append(address))
    monkeypatch.setattr(webbrowser, "get", lambda: browser)
    assert open_in_window("http://localhost:1/a")
    assert opened == ["http://localhost:1/a"]
