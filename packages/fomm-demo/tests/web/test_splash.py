from __future__ import annotations

import socket
import urllib.error
import urllib.request

import pytest

from fomm_core.errors import FommError
from fomm_demo.web.splash import SplashServer, open_socket


def fetch(address, path, kind="text/html"):
    host, port = address
    request = urllib.request.Request(f"http://{host}:{port}{path}", headers={"Accept": kind})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.status, answer.read()


def test_visitors_get_a_page_and_machines_get_told_to_wait():
    with open_socket("127.0.0.1", 0) as listening, SplashServer(listening):
        address = listening.getsockname()
        code, body = fetch(address, "/")
        assert (code, b"Make a picture move" in body) == (200, True)
        for path in ("/health", "/config"):
            with pytest.raises(urllib.error.HTTPError, match="503"):
                fetch(address, path, "*/*")


def test_the_page_asks_nobody_else():
    with open_socket("127.0.0.1", 0) as listening, SplashServer(listening):
        _, body = fetch(listening.getsockname(), "/")

    assert b"http:" not in body
    assert b"https:" not in body
    assert b"//" not in body


def test_who_comes_during_the_handover_waits():
    with open_socket("127.0.0.1", 0) as listening:
        with SplashServer(listening):
            fetch(listening.getsockname(), "/")
        with socket.create_connection(listening.getsockname(), timeout=5) as late:
            late.sendall(b"GET / HTTP/1.0\r\n\r\n")
            connection, _ = listening.accept()
            with connection:
                assert connection.recv(16).startswith(b"GET /")


def test_an_address_that_is_taken_is_said_in_one_line():
    with open_socket("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(FommError, match=f"127.0.0.1:{port}: cannot listen there"):
            open_socket("127.0.0.1", port)
    with pytest.raises(FommError, match="cannot listen there"):
        open_socket("host.invalid", 1)
