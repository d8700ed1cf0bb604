from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fomm_demo.web.splash import Splash

BROWSER, PROGRAM = {"Accept": "text/html,*/*"}, {"Accept": "*/*"}


def get(app, *requests):
    async def send():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [await client.get(path, headers=headers) for path, headers in requests]

    return asyncio.run(send())


class Lifespan:
    """A server's side of the lifespan protocol."""

    def __init__(self, app):
        self.sent = asyncio.Queue()
        self.said = []
        self.task = asyncio.ensure_future(app({"type": "lifespan"}, self.sent.get, self.say))

    async def say(self, message):
        self.said.append(message["type"].removeprefix("lifespan."))

    async def end(self):
        self.sent.put_nowait({"type": "lifespan.shutdown"})
        await self.task

    async def __aenter__(self):
        self.sent.put_nowait({"type": "lifespan.startup"})
        while not self.said:
            await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_):
        if not self.task.done():
            await self.end()


def test_visitors_get_a_page_and_machines_get_told_to_wait():
    page, health, config = get(Splash(), ("/", BROWSER), ("/health", BROWSER), ("/config", PROGRAM))

    assert (page.status_code, "Make a picture move" in page.text) == (200, True)
    assert (health.status_code, health.json()) == (503, {"status": "starting"})
    assert (config.status_code, config.headers["retry-after"]) == (503, "1")


def test_the_page_asks_nobody_else():
    (page,) = get(Splash(), ("/", BROWSER))

    assert "http:" not in page.text
    assert "https:" not in page.text
    assert "//" not in page.text


def test_the_application_takes_over_once_it_has_started_and_ends_with_the_server():
    events = []

    async def hello(request):
        return PlainTextResponse("hello")

    @asynccontextmanager
    async def lifespan(_):
        events.append("start")
        yield
        events.append("end")

    app = Starlette(routes=[Route("/", hello)], lifespan=lifespan)

    async def live():
        splash = Splash()
        async with Lifespan(splash) as server:
            await asyncio.to_thread(splash.show, app)
            transport = httpx.ASGITransport(splash)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                answer = await client.get("/", headers=BROWSER)
            before = list(events)
            await server.end()
            return answer.text, before, server.said

    text, before, said = asyncio.run(live())
    assert (text, before, events) == ("hello", ["start"], ["start", "end"])
    assert said == ["startup.complete", "shutdown.complete"]


def test_a_server_may_end_before_the_application_is_there():
    async def live():
        async with Lifespan(Splash()) as server:
            await server.end()
            return server.said

    assert asyncio.run(live()) == ["startup.complete", "shutdown.complete"]


def test_an_application_that_does_not_start_says_why():
    @asynccontextmanager
    async def fail(_):
        raise RuntimeError("no disk")
        yield

    async def live():
        splash = Splash()
        async with Lifespan(splash) as server:
            with pytest.raises(RuntimeError, match="no disk"):
                await asyncio.to_thread(splash.show, Starlette(lifespan=fail))
            server.task.exception()

    asyncio.run(live())
