from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from fomm_demo.web.security import MESSAGE_BYTES, SecurityMiddleware


async def size(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def forever(request: Request) -> StreamingResponse:
    async def ticks():
        while True:
            yield b"."
            await asyncio.sleep(0.01)

    return StreamingResponse(ticks())


@pytest.fixture
def guard(limits):
    paths = ("/", "/login", "/gradio_api/upload", "/gradio_api/file={path:path}", "/{path:path}")
    routes = [Route(path, size, methods=["GET", "POST"]) for path in paths]
    return SecurityMiddleware(
        Starlette(routes=[Route("/forever", forever), *routes]), limits, lambda: 0
    )


def request(guard, method, path, **options):
    async def send():
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


def test_what_fits_passes_with_headers(guard):
    answer = request(guard, "POST", "/gradio_api/upload", content=bytes(2_000_000))

    assert (answer.status_code, answer.text) == (200, "2000000")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "connect-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "length"), [("/gradio_api/upload", 2_200_000), ("/queue/join", MESSAGE_BYTES + 1)]
)
def test_what_says_that_it_is_too_large_is_not_even_read(guard, path, length):
    assert request(guard, "POST", path, content=bytes(length)).status_code == 413


def test_what_does_not_say_its_length_is_cut_off(guard):
    async def parts():
        for _ in range(30):
            yield bytes(100_000)

    answer = request(guard, "POST", "/gradio_api/upload", content=parts())
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e9", "x", "99999999999999999999"])
def test_lengths_that_are_no_numbers_are_refused(guard, length):
    headers = {"content-length": length}
    assert request(guard, "POST", "/", headers=headers, content=b"").status_code == 413


def test_uploads_are_refused_while_the_disk_is_full(guard, limits):
    full = SecurityMiddleware(guard._app, replace(limits, disk_mb=1), lambda: 1_000_001)

    assert request(full, "POST", "/gradio_api/upload", content=b"a").status_code == 507
    assert request(full, "POST", "/queue/join", content=b"a").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=http://127.0.0.1/",
        "/gradio_api/file=http://127.0.0.1/",
        "/gradio_api/file=HTTPS://127.0.0.1/",
        "/gradio_api/process_recording",
        "/gradio_api/component_server",
        "/gradio_api/vibe-code/",
        "/fomm/gradio_api/deep_link",
        "/monitoring",
    ],
)
def test_what_the_page_does_not_need_is_closed(guard, path):
    assert request(guard, "GET", path).status_code == 404


def test_files_never_run_as_pages(guard):
    answer = request(guard, "GET", "/gradio_api/file=a.html")

    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-store"


def test_guessing_passwords_is_slow(guard):
    async def guess():
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            began = asyncio.get_running_loop().time()
            await asyncio.gather(*(client.post("/login") for _ in range(4)))
            return asyncio.get_running_loop().time() - began

    assert asyncio.run(guess()) >= 2.0


def test_a_login_that_is_never_sent_to_its_end_keeps_nobody_out(guard):
    async def never():
        yield b"username=ann&"
        await asyncio.sleep(60)

    async def enter():
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            stuck = asyncio.create_task(client.post("/login", content=never()))
            await asyncio.sleep(0.1)
            answer = await asyncio.wait_for(client.post("/login", content=b"a"), 10)
            stuck.cancel()
            return answer.status_code

    assert asyncio.run(enter()) == 200


def test_stopping_ends_what_would_go_on_forever(guard):
    async def watch():
        sent = []
        scope = {
            **{"type": "http", "method": "GET", "path": "/forever", "headers": []},
            **{"query_string": b"", "http_version": "1.1", "asgi": {"version": "3.0"}},
        }

        async def receive():
            await asyncio.sleep(60)

        async def send(message):
            sent.append(message)
            if len(sent) == 5:
                guard.stop()

        await asyncio.wait_for(guard(scope, receive, send), 10)
        return sent

    assert len(asyncio.run(watch())) >= 5
