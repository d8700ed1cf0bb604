from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from fomm_demo.web.security import MESSAGE_BYTES, SecurityMiddleware, is_allowed

JOIN = "/gradio_api/queue/join"


async def size(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def forever(request: Request) -> StreamingResponse:
    async def ticks():
        while True:
            yield b"."
            await asyncio.sleep(0.01)

    return StreamingResponse(ticks())


@pytest.fixture
def security(limits):
    paths = ("/", "/login", "/gradio_api/upload", "/gradio_api/file={path:path}", "/{path:path}")
    routes = [Route(path, size, methods=["GET", "POST"]) for path in paths]
    return SecurityMiddleware(
        Starlette(routes=[Route("/gradio_api/queue/data", forever), *routes]), limits, lambda: 0
    )


def request(security, method, path, **options):
    async def send():
        transport = httpx.ASGITransport(security)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


def test_what_fits_passes_with_headers(security):
    answer = request(security, "POST", "/gradio_api/upload", content=bytes(2_000_000))

    assert (answer.status_code, answer.text) == (200, "2000000")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "connect-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "length"), [("/gradio_api/upload", 2_200_000), (JOIN, MESSAGE_BYTES + 1)]
)
def test_what_says_that_it_is_too_large_is_not_even_read(security, path, length):
    assert request(security, "POST", path, content=bytes(length)).status_code == 413


def test_what_does_not_say_its_length_is_cut_off(security):
    async def parts():
        for _ in range(30):
            yield bytes(100_000)

    answer = request(security, "POST", "/gradio_api/upload", content=parts())
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e9", "x", "99999999999999999999"])
def test_lengths_that_are_no_numbers_are_refused(security, length):
    headers = {"content-length": length}
    assert request(security, "POST", JOIN, headers=headers, content=b"").status_code == 413


def test_uploads_are_refused_while_the_disk_is_full(security, limits):
    full = SecurityMiddleware(security._app, replace(limits, disk_mb=1), lambda: 1_000_001)

    assert request(full, "POST", "/gradio_api/upload", content=b"a").status_code == 507
    assert request(full, "POST", JOIN, content=b"a").status_code == 200


def test_room_is_reserved_for_uploads_that_are_on_their_way(security, limits):
    tight = SecurityMiddleware(security._app, replace(limits, disk_mb=3), lambda: 0)

    async def slowly(go):
        yield b"a"
        await go.wait()
        yield bytes(1_999_999)

    async def send():
        go = asyncio.Event()
        transport = httpx.ASGITransport(tight)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            post = partial(client.post, "/gradio_api/upload")
            first = asyncio.create_task(post(content=slowly(go)))
            await asyncio.sleep(0.1)
            second = await post(content=bytes(1_500_000))
            small = await post(content=bytes(500_000))
            go.set()
            codes = second.status_code, small.status_code, (await first).status_code
            return (*codes, (await post(content=bytes(2_000_000))).status_code)

    assert asyncio.run(send()) == (507, 200, 200, 200)


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=http://127.0.0.1/",
        "/gradio_api/file=http://127.0.0.1/",
        "/gradio_api/file=HTTPS://127.0.0.1/",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/process_recording",
        "/gradio_api/component_server",
        "/gradio_api/vibe-code/",
        "/gradio_api/dev/reload",
        "/gradio_api/runs",
        "/gradio_api/custom_component/0/client/component/x.js",
        "/gradio_api/stream/hash/0/0/playlist.m3u8",
        "/gradio_api/something_of_the_next_version",
        "//gradio_api/upload",
        "/gradio_api/heartbeat/a/b",
        "/fomm/gradio_api/deep_link",
        "/gradio_api/deep_link",
        "/monitoring",
        "/monitoring/summary",
        "/manifest.json",
        "/pwa_icon",
        "/docs",
        "/else",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_the_page_does_not_need_is_closed(security, path, method):
    assert request(security, method, path).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_closed(security, method):
    assert request(security, method, "/").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/health"),
        ("GET", "/config/"),
        ("GET", "/assets/index-abc.js"),
        ("GET", "/gradio_api/heartbeat/hash"),
        ("GET", "/gradio_api/file=/served/a b.mp4"),
        ("HEAD", "/gradio_api/file=/served/a b.mp4"),
        ("GET", "/gradio_api/call/animate/event"),
        ("POST", "/gradio_api/call/animate"),
        ("POST", "/gradio_api/queue/join"),
        ("POST", "/gradio_api/run/predict"),
        ("POST", "/gradio_api/stream/event/close"),
        ("POST", "/login"),
    ],
)
def test_what_the_page_needs_is_open(method, path):
    assert is_allowed(method, path.rstrip("/") or "/")


def test_files_never_run_as_pages(security):
    answer = request(security, "GET", "/gradio_api/file=a.html")

    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.once
def test_guessing_passwords_is_slow(security):
    async def guess():
        transport = httpx.ASGITransport(security)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            began = asyncio.get_running_loop().time()
            await asyncio.gather(*(client.post("/login") for _ in range(4)))
            return asyncio.get_running_loop().time() - began

    assert asyncio.run(guess()) >= 2.0


@pytest.mark.once
def test_a_login_that_is_never_sent_to_its_end_keeps_nobody_out(security):
    async def never():
        yield b"username=ann&"
        await asyncio.sleep(60)

    async def enter():
        transport = httpx.ASGITransport(security)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            stuck = asyncio.create_task(client.post("/login", content=never()))
            await asyncio.sleep(0.1)
            answer = await asyncio.wait_for(client.post("/login", content=b"a"), 10)
            stuck.cancel()
            return answer.status_code

    assert asyncio.run(enter()) == 200


def test_stopping_ends_what_would_go_on_forever(security):
    async def watch():
        sent = []
        scope = {
            **{"type": "http", "method": "GET", "path": "/gradio_api/queue/data", "headers": []},
            **{"query_string": b"", "http_version": "1.1", "asgi": {"version": "3.0"}},
        }

        async def receive():
            await asyncio.sleep(60)

        async def send(message):
            sent.append(message)
            if len(sent) == 5:
                security.stop()

        await asyncio.wait_for(security(scope, receive, send), 10)
        return sent

    assert len(asyncio.run(watch())) >= 5
