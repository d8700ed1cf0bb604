"""The live sockets, with honest and with hostile clients."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from io import BytesIO

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from fomm_core.pipeline.options import AnimationOptions
from fomm_core.video import VideoReader
from fomm_demo.services.live import LiveRequest, LiveService
from fomm_demo.web import live, live_sockets
from fomm_demo.web.graceful import GracefulServer, open_socket
from fomm_demo.web.live import PROTOCOL, LiveLobby, add_live
from fomm_demo.web.live_messages import FRAME_BYTES
from fomm_demo.web.live_sockets import LiveDriver
from fomm_demo.web.security import SecurityMiddleware

HOST = "testserver"
HOME = {"origin": f"http://{HOST}"}


@pytest.fixture
def service(animation) -> LiveService:
    return LiveService(animation)


@pytest.fixture
def room(service, picture):
    options = AnimationOptions(paste_back=False)
    return service.open("me", LiveRequest((picture, picture), "avatar", options))


@pytest.fixture
def app(service) -> Iterator[FastAPI]:
    made = FastAPI()
    with closing(LiveLobby(service)) as lobby:
        add_live(made, lobby)
        yield made


@pytest.fixture
def security(app, limits) -> SecurityMiddleware:
    return SecurityMiddleware(app, limits, lambda: 0)


@pytest.fixture
def client(security) -> Iterator[TestClient]:
    with TestClient(security, base_url=f"http://{HOST}") as opened:
        yield opened


@pytest.fixture
def jpeg(clip) -> bytes:
    return encoded(next(iter(VideoReader(clip))))


def encoded(picture, kind="JPEG") -> bytes:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, kind)
    return buffer.getvalue()


def shot(picture: bytes, stamp=1.5) -> bytes:
    return json.dumps({"stamp": stamp}).encode() + b"\n" + picture


def parts(answer: bytes):
    head, _, data = answer.partition(b"\n")
    return json.loads(head), np.asarray(Image.open(BytesIO(data)))


def opened(client, name, ticket, headers=HOME):
    """A socket as a page opens it; the client writes into the headers that it is given."""
    return client.websocket_connect(
        f"/live/{name}", subprotocols=[PROTOCOL, ticket], headers=dict(headers)
    )


@contextmanager
def driving(client, room, headers=HOME):
    with opened(client, "socket", room.ticket, headers) as socket:
        welcome = socket.receive_json()
        assert [address[:22] for address in welcome["sources"]] == ["data:image/jpeg;base64"] * 2
        assert welcome["view"] == room.view_ticket
        yield socket


def animated(socket, jpeg, stamp=1.5):
    socket.send_bytes(shot(jpeg, stamp))
    return parts(socket.receive_bytes())


def test_each_frame_is_answered_with_its_stamp(client, room, jpeg):
    with driving(client, room) as socket:
        for stamp in (1.5, 40.25):
            head, picture = animated(socket, jpeg, stamp)
            assert head["stamp"] == stamp
            assert head["phase"] == "searching"
            assert head["latency"] > 0
            assert picture.shape == (128, 128, 3)


def test_webp_is_taken_too(client, room, clip):
    picture = encoded(next(iter(VideoReader(clip))), "WEBP")
    with driving(client, room) as socket:
        assert animated(socket, picture)[0]["phase"] == "searching"


def test_changes_are_obeyed(client, room, jpeg):
    with driving(client, room) as socket:
        animated(socket, jpeg)
        for control in (
            {"do": "gain", "value": 1.5},
            {"do": "mirror", "value": True},
            {"do": "source", "value": 1},
            {"do": "search"},
            {"do": "reference"},
        ):
            socket.send_json(control)
        head, _ = animated(socket, jpeg)
    options = room._session.options
    assert (options.gain, options.mirror) == (1.5, True)
    assert head["phase"] == "live"  # the pose was taken
    assert room._session.source is room._prepared[1]


GARBAGE = [
    (b"", "expected a line of JSON"),
    (b"\xff\xd8\xff\xe0 no stamp", "expected a line of JSON"),
    (b'{"stamp": "x"}\nabc', "expected a time stamp"),
    (b'{"stamp": NaN}\nabc', "expected a time stamp"),
    (b'{"stamp": 1}\n', "expected a time stamp"),
    (b"[" * 5000, "expected a line of JSON"),
    (b'{"stamp": 1}\nno picture', "found a damaged one"),
    (
        shot(encoded(np.zeros((2000, 2000, 3), np.uint8))),
        "at most 409600 pixels, found 2000 x",
    ),
    (shot(encoded(np.zeros((9, 9, 3), np.uint8), "BMP")), "expected a JPEG, PNG or WebP picture"),
    ("not JSON", "expected a line of JSON"),
    ('{"do": "everything"}', "expected a change to make"),
    ('{"do": ["gain"]}', "expected a change to make"),
    ('{"do": "gain", "value": 1e999}', "expected a change to make"),
    ('{"do": "gain", "value": 0}', "gain: expected a number"),
    ('{"do": "source", "value": 7}', "picture: expected one of 2, found number"),
    ('{"do": "source", "value": -1}', "picture: expected one of 2, found number"),
]


def test_garbage_is_told_and_the_next_frame_goes_on(client, room, jpeg):
    with driving(client, room) as socket:
        for message, reason in GARBAGE:
            send = socket.send_bytes if isinstance(message, bytes) else socket.send_text
            send(message)
            assert reason in socket.receive_json()["error"]
            assert animated(socket, jpeg)[0]["phase"] == "searching"


def test_a_defect_in_one_frame_is_not_the_end(client, room, jpeg, fake_model, monkeypatch):
    def fail(image):
        raise RuntimeError("a secret of the server")

    with driving(client, room) as socket:
        animated(socket, jpeg)
        with monkeypatch.context() as patched:
            patched.setattr(fake_model.engine, "detect", fail)
            socket.send_bytes(shot(jpeg))
            error = socket.receive_json()["error"]
        assert "something went wrong" in error
        assert "secret" not in error
        assert animated(socket, jpeg)[0]["phase"] == "searching"


def refused(client, path, headers, *protocols):
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(path, subprotocols=protocols, headers=dict(headers)) as socket,
    ):
        socket.receive_json()


ELSEWHERE = ("", "null", "http://elsewhere.example", f"http://{HOST}.elsewhere.example", HOST)


def test_other_pages_are_refused(client, room):
    for name, ticket in (("socket", room.ticket), ("view", room.view_ticket)):
        path = f"/live/{name}"
        refused(client, path, {}, PROTOCOL, ticket)
        for origin in (*ELSEWHERE, f"http://{HOST}:81"):
            refused(client, path, {"origin": origin}, PROTOCOL, ticket)


def test_without_a_ticket_of_the_page_nobody_comes_in(client, room):
    for path in ("/live/socket", "/live/view", "/live/other", "/queue/join", "/"):
        for protocols in ((), (PROTOCOL,), (PROTOCOL, ""), (PROTOCOL, "0" * 32)):
            refused(client, path, HOME, *protocols)


def test_a_ticket_in_the_address_or_of_another_protocol_is_none(client, room):
    refused(client, f"/live/socket?ticket={room.ticket}", HOME)
    refused(client, f"/live/socket?ticket={room.ticket}", HOME, PROTOCOL)
    refused(client, "/live/socket", HOME, "other", room.ticket)
    refused(client, "/live/socket", HOME, PROTOCOL, "0" * 32, room.ticket)


def test_who_may_watch_may_not_drive(client, room):
    refused(client, "/live/socket", HOME, PROTOCOL, room.view_ticket)
    refused(client, "/live/view", HOME, PROTOCOL, room.ticket)


def test_a_ticket_is_void_once_its_page_is_left(client, service, room):
    service.leave("me")
    refused(client, "/live/socket", HOME, PROTOCOL, room.ticket)


def closed(socket):
    """The code with which a socket is closed, whatever comes before."""
    while (message := socket.receive())["type"] != "websocket.close":
        pass
    return message["code"]


def test_a_giant_frame_ends_the_socket(client, room):
    with driving(client, room) as socket:
        socket.send_bytes(shot(bytes(FRAME_BYTES)))
        assert closed(socket) == live_sockets.TOO_LARGE


def test_a_flood_ends_the_socket(client, room, monkeypatch):
    monkeypatch.setattr(live_sockets, "MOST_MESSAGES", 20)
    with driving(client, room) as socket:
        for _ in range(60):
            socket.send_text('{"do": "search"}')
        assert closed(socket) == live_sockets.FLOOD


def test_of_frames_that_come_together_the_newest_is_answered(client, room, jpeg, monkeypatch):
    monkeypatch.setattr(live_sockets, "MOST_MESSAGES", 1000)
    with driving(client, room) as socket:
        for stamp in range(60):
            socket.send_bytes(shot(jpeg, stamp))
        stamps = [parts(socket.receive_bytes())[0]["stamp"]]
        while stamps[-1] != 59:
            stamps.append(parts(socket.receive_bytes())[0]["stamp"])
    assert stamps == sorted(stamps)
    assert len(stamps) < 60


def test_a_page_that_is_opened_again_goes_on_there(client, room, jpeg):
    with driving(client, room) as first, driving(client, room) as second:
        assert closed(first) == live_sockets.REPLACED
        assert animated(second, jpeg)[0]["phase"] == "searching"


def test_sockets_are_bounded(client, service, room, picture, monkeypatch):
    monkeypatch.setattr(live, "MOST_DRIVING", 1)
    other = service.open("you", LiveRequest((picture,), "avatar"))
    with driving(client, room), opened(client, "socket", other.ticket) as refused:
        assert closed(refused) == live_sockets.BUSY
    with opened(client, "socket", other.ticket) as taken:
        assert taken.receive_json()["sources"]


def test_who_is_silent_for_long_makes_room(client, service, room, picture, jpeg, monkeypatch):
    monkeypatch.setattr(live, "MOST_DRIVING", 1)
    other = service.open("you", LiveRequest((picture, picture), "avatar"))
    with driving(client, room) as first:
        monkeypatch.setattr(live, "SILENT_SECONDS", 0.0)
        with driving(client, other) as second:
            assert closed(first) == live_sockets.SILENT
            monkeypatch.setattr(live, "SILENT_SECONDS", 60.0)
            animated(second, jpeg)
            with opened(client, "socket", room.ticket) as refused:
                assert closed(refused) == live_sockets.BUSY


def test_a_socket_that_fails_before_it_drives_gives_its_place_back(
    client, service, room, picture, monkeypatch
):
    async def fail(*_):
        raise ValueError("a defect")

    monkeypatch.setattr(live, "MOST_DRIVING", 1)
    other = service.open("you", LiveRequest((picture, picture), "avatar"))
    with driving(client, room):
        with monkeypatch.context() as patched:
            patched.setattr(LiveDriver, "end", fail)
            with pytest.raises(ValueError, match="a defect"), driving(client, room):
                pass
        with driving(client, other):
            pass


def test_a_viewer_sees_what_is_driven_and_nothing_twice(client, room, jpeg):
    with driving(client, room) as socket, opened(client, "view", room.view_ticket) as view:
        view.send_text("next")
        _, driven = animated(socket, jpeg)
        _, seen = parts(view.receive_bytes())
        assert np.array_equal(seen, driven)
        view.send_text("next")
        animated(socket, jpeg)
        view.receive_bytes()
        assert room.latest.number == 2


def test_a_viewer_that_leaves_makes_room_for_another(client, room, monkeypatch):
    monkeypatch.setattr(live, "MOST_WATCHING", 1)
    for _ in range(3):  # nobody drives: there is no picture to notice it by
        with opened(client, "view", room.view_ticket) as view:
            view.send_text("next")
    with opened(client, "view", room.view_ticket) as view:
        view.send_bytes(b"not text")
        with opened(client, "view", room.view_ticket) as refused:
            assert closed(refused) == live_sockets.BUSY


def test_a_viewer_with_much_to_say_is_ended(client, room):
    with opened(client, "view", room.view_ticket) as view:
        view.send_text("next " * 100)
        assert closed(view) == live_sockets.TOO_LARGE


def test_pictures_are_read_once_however_often_a_page_comes_back(client, room, monkeypatch):
    with driving(client, room):
        pass
    monkeypatch.setattr(type(room), "picture", None)
    with driving(client, room):
        pass


def test_sockets_end_when_their_page_is_left(client, service, room, jpeg):
    with driving(client, room) as socket, opened(client, "view", room.view_ticket) as view:
        animated(socket, jpeg)
        service.leave("me")
        assert closed(view) == live_sockets.GONE
        socket.send_bytes(shot(jpeg))
        assert closed(socket) == live_sockets.GONE


def test_the_page_and_its_parts_are_there(client):
    assert "text/html" in client.get("/live").headers["content-type"]
    for name in ("live.js", "live.css"):
        assert client.get(f"/live/{name}").status_code == 200
    assert client.get("/live/live.html").status_code == 404
    assert client.get("/live/live.py").status_code == 404


@pytest.fixture
def address(security) -> Iterator[str]:
    """A real server."""
    with open_socket("127.0.0.1", 0) as listening, GracefulServer(security).running(listening):
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def test_a_real_client_is_served_until_the_server_ends(address, security, room, jpeg):
    tickets = [PROTOCOL, room.ticket]
    uri, origin = f"ws://{address}/live/socket", f"http://{address}"
    with (
        pytest.raises(InvalidStatus),
        connect(uri, origin="http://elsewhere.example", subprotocols=tickets),
    ):
        pass
    with connect(uri, origin=origin, subprotocols=tickets) as socket:
        assert socket.subprotocol == PROTOCOL
        assert "sources" in json.loads(socket.recv())
        for stamp in range(10):
            socket.send(shot(jpeg, stamp))
            assert parts(socket.recv())[0]["stamp"] == stamp
        with suppress(ConnectionClosed):
            socket.send(bytes(3_000_000))
            socket.recv(timeout=10)
        with pytest.raises(ConnectionClosed) as end:
            socket.recv(timeout=10)
        assert end.value.rcvd.code == live_sockets.TOO_LARGE
    with connect(uri, origin=origin, subprotocols=tickets) as socket:
        assert "sources" in json.loads(socket.recv())


def test_a_stopping_server_lets_nobody_hang(security, room):
    with open_socket("127.0.0.1", 0) as listening:
        where = f"127.0.0.1:{listening.getsockname()[1]}"
        with GracefulServer(security).running(listening):
            socket = connect(
                f"ws://{where}/live/socket",
                origin=f"http://{where}",
                subprotocols=[PROTOCOL, room.ticket],
            )
            socket.recv()
            rescue = threading.Timer(30, socket.close)
            rescue.start()
            began = time.monotonic()
    rescue.cancel()
    assert time.monotonic() - began < 10
    with pytest.raises(ConnectionClosed):
        socket.recv(timeout=5)


def test_uploads_do_not_take_the_threads_of_live_frames(app, limits, room, jpeg):
    """All threads of the event loop's own pool are at uploads, which wait for the end."""
    looking, goes_on = threading.Semaphore(0), threading.Event()

    def used_bytes():
        looking.release()
        assert goes_on.wait(60)
        return 0

    def upload(address):
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request("POST", "/gradio_api/upload", b"a file")
        return connection.getresponse().status

    threads = ThreadPoolExecutor()._max_workers  # as many as the event loop has
    server = GracefulServer(SecurityMiddleware(app, limits, used_bytes))
    with (
        open_socket("127.0.0.1", 0) as listening,
        server.running(listening),
        ThreadPoolExecutor(threads + 2) as visitors,
    ):
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        uploads = [visitors.submit(upload, address) for _ in range(threads + 2)]
        try:
            assert all(looking.acquire(timeout=30) for _ in range(threads))
            with connect(
                f"ws://{address}/live/socket",
                origin=f"http://{address}",
                subprotocols=[PROTOCOL, room.ticket],
            ) as socket:
                assert "sources" in json.loads(socket.recv(timeout=30))
                socket.send(shot(jpeg, 7))
                assert parts(socket.recv(timeout=30))[0]["stamp"] == 7
            assert not any(each.done() for each in uploads)
        finally:
            goes_on.set()
        assert {each.result() for each in uploads} == {404}  # this application takes none
