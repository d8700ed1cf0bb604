"""A browser's view of live frames: newest first, for this machine alone."""

from __future__ import annotations

import io
import socket
import struct
import time
import urllib.error
import urllib.request
from contextlib import closing
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from fomm_core.live.frame import LiveFrame
from fomm_core.live.preview import Preview

pytestmark = pytest.mark.once


@pytest.fixture
def preview():
    with closing(Preview()) as made:
        yield made


def frame(level: int) -> LiveFrame:
    return LiveFrame(np.full((24, 32, 3), level, np.uint8), 0.0, "live")


def next_picture(stream) -> np.ndarray:
    """The next part of an answer, decoded."""
    while (line := stream.readline()).strip() != b"--frame":
        assert line == b"\r\n"
    headers = {}
    while line := stream.readline().strip():
        name, value = line.split(b": ")
        headers[name] = value
    assert headers[b"Content-Type"] == b"image/jpeg"
    return np.asarray(Image.open(io.BytesIO(stream.read(int(headers[b"Content-Length"])))))


def test_the_page_shows_the_newest_frame_again_and_again(preview):
    with urllib.request.urlopen(preview.address) as page:
        assert b'<img src="live.mjpeg"' in page.read()
    preview.write(frame(10))
    preview.write(frame(60))
    with urllib.request.urlopen(preview.address + "live.mjpeg", timeout=10) as stream:
        first = next_picture(stream)
        assert first.shape == (24, 32, 3)
        assert np.abs(first.astype(int) - 60).max() <= 2
        preview.write(frame(200))
        assert np.abs(next_picture(stream).astype(int) - 200).max() <= 2


def test_the_answer_ends_with_the_preview():
    with closing(Preview()) as preview:
        preview.write(frame(10))
        stream = urllib.request.urlopen(preview.address + "live.mjpeg", timeout=10)
        next_picture(stream)
    assert stream.read() in (b"", b"\r\n")


def refusal(address: str, **headers: str) -> int:
    """The code with which an address is refused."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10)
    return refused.value.code


def test_other_names_of_this_machine_are_refused(preview):
    assert refusal(preview.address, Host="evil.example:80") == 403


def test_there_is_nothing_but_the_page_and_its_picture(preview):
    assert refusal(preview.address + "../etc/passwd") == 404


def test_who_does_not_know_the_ticket_sees_nothing(preview):
    """Other users of the machine find the port, but not what comes behind it."""
    preview.write(frame(10))
    plain, ticket = preview.address.rstrip("/").rsplit("/", 1)
    assert len(ticket) == 32
    for guess in ("", "0" * 32, ticket[:-1], ticket.upper() + "/", "%00"):
        for name in ("", "/", "/live.mjpeg", "live.mjpeg"):
            assert refusal(f"{plain}/{guess}{name}") == 404


def test_a_browser_comes_in_by_an_entrance_that_is_closed_behind_it(preview):
    """Other users of the machine read the browser's command line, but too late."""
    assert preview.address.split("/")[3] not in preview.entrance
    with urllib.request.urlopen(preview.entrance, timeout=10) as page:
        assert page.url == preview.address
        assert b'<img src="live.mjpeg"' in page.read()
    assert refusal(preview.entrance) == 404
    with urllib.request.urlopen(preview.address, timeout=10) as page:
        assert page.status == 200


def test_no_two_previews_have_the_same_ticket(preview):
    with closing(Preview()) as other:
        assert other.address.split("/")[3] != preview.address.split("/")[3]


def test_whoever_hangs_up_is_not_told_to_the_terminal(preview, capfd):
    address = urlsplit(preview.address)
    for _ in range(3):
        with socket.create_connection((address.hostname, address.port)) as visitor:
            visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            visitor.sendall(b"GET / HT")
    time.sleep(0.2)
    assert capfd.readouterr().err == ""


def test_who_leaves_does_not_disturb(preview):
    preview.write(frame(10))
    with urllib.request.urlopen(preview.address + "live.mjpeg", timeout=10) as stream:
        next_picture(stream)
    for level in range(20, 40):
        preview.write(frame(level))
    with urllib.request.urlopen(preview.address + "live.mjpeg", timeout=10) as stream:
        assert np.abs(next_picture(stream).astype(int) - 39).max() <= 2
