from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from fomm_core.utils.paths import describe_other, follow_links, printable

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX files")


def test_plain_files_and_nothing_have_no_other_name(tmp_path):
    (tmp_path / "a").touch()
    assert describe_other(tmp_path / "a") == ""
    assert describe_other(tmp_path / "b") == ""
    assert describe_other(tmp_path / ("x" * 5000)) == ""
    assert describe_other(Path("a\0b")) == ""


@posix
def test_what_is_no_file_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    assert describe_other(tmp_path) == "a folder"
    assert describe_other(tmp_path / "pipe").startswith("a pipe")
    assert describe_other(tmp_path / "link").startswith("a pipe")
    assert describe_other(Path("/dev/null")).startswith("a device")


@posix
def test_sockets_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the names of sockets are short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert describe_other(Path("s")).startswith("a socket")


@pytest.mark.parametrize("text", ["http://x/y.mp4", "https://x/y.mp4", "rtsp://camera", "s3://b/c"])
def test_addresses_are_named(text):
    assert describe_other(Path(text)) == "an address; download it first"


def test_a_dash_is_no_input():
    assert describe_other(Path("-")).startswith("standard input")


@posix
def test_links_lead_to_their_target(tmp_path):
    (tmp_path / "disk").mkdir()
    link = tmp_path / "link"
    link.symlink_to("disk/result")
    assert follow_links(link) == tmp_path / "disk" / "result"
    assert follow_links(tmp_path / "plain") == tmp_path / "plain"


@posix
@pytest.mark.parametrize(("target", "reason"), [("link", "links"), ("/dev/null", "found a device")])
def test_links_that_lead_to_no_file_are_refused(tmp_path, target, reason):
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(OSError, match=reason):
        follow_links(link)


def test_names_are_shown_as_any_terminal_takes_them():
    assert printable("Größe 東京 🙂.mp4") == "Größe 東京 🙂.mp4"
    assert printable(os.fsdecode(b"caf\xe9.mp4")) == "caf\\xe9.mp4"
    assert printable("a\nb\x1b[31m\x7f\ud83d") == "a\\nb\\x1b[31m\\x7f\\ud83d"
