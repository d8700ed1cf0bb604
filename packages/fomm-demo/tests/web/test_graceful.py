from __future__ import annotations

import urllib.request

import pytest
from starlette.responses import PlainTextResponse

from fomm_core.errors import FommError
from fomm_demo.web.graceful import GracefulServer, open_socket


def test_it_serves_while_the_block_runs():
    with open_socket("127.0.0.1", 0) as listening:
        host, port = listening.getsockname()
        server = GracefulServer(PlainTextResponse("here"))
        with server.running(listening):
            with urllib.request.urlopen(f"http://{host}:{port}", timeout=5) as answer:
                assert answer.read() == b"here"
            assert not server.ended
        assert server.ended


def test_an_address_that_is_taken_is_said_in_one_line():
    with open_socket("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(FommError, match=f"127.0.0.1:{port}: cannot listen there"):
            open_socket("127.0.0.1", port)
    with pytest.raises(FommError, match="cannot listen there"):
        open_socket("host.invalid", 1)
