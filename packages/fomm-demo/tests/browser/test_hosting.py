"""The page as visitors of a host find it: below a path of another server, behind a password."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

pytestmark = pytest.mark.browser


class Proxy:
    """Passes on what lies below /fomm, without that prefix, as the README's nginx does."""

    def __init__(self, target: str) -> None:
        self._client = httpx.AsyncClient(base_url=target, timeout=None)
        app = Starlette(routes=[Route("/fomm/{path:path}", self._pass, methods=["GET", "POST"])])
        config = uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> Proxy:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/fomm/"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()

    async def _pass(self, request: Request) -> StreamingResponse:
        url = httpx.URL(path=f"/{request.path_params['path']}", query=request.url.query.encode())
        body = request.stream() if request.method == "POST" else None
        headers = request.headers.raw
        asked = self._client.build_request(request.method, url, headers=headers, content=body)
        answer = await self._client.send(asked, stream=True)
        passed = StreamingResponse(answer.aiter_raw(), answer.status_code)
        passed.background = BackgroundTask(answer.aclose)
        passed.raw_headers = answer.headers.raw
        return passed


@pytest.fixture
def hosted(serve, tmp_path) -> Iterator[Proxy]:
    accounts = tmp_path / "accounts"
    accounts.write_text("ann:right horse\n")
    with Proxy(serve("--root-path", "/fomm", "--auth", str(accounts)).wait().url) as proxy:
        yield proxy


def test_who_knows_the_password_animates_behind_a_proxy(browser, hosted, picture, clip):
    page = browser.new_context().new_page()
    page.goto(hosted.url)
    sign_in(page, "wrong horse")
    page.get_by_text("Incorrect Credentials").wait_for()
    sign_in(page, "right horse")
    page.wait_for_selector("#animate")
    for component, path in {"source": picture, "driving": clip}.items():
        clear = f"#{component} button:is([aria-label='Remove Image'], [aria-label='Clear'])"
        page.click(clear)
        page.wait_for_selector(clear, state="detached")
        page.set_input_files(f"#{component} input[type=file]", str(path))
        page.wait_for_selector(f"#{component} :is(img, video)")
    page.click("#animate")
    video = page.wait_for_selector("#result video", timeout=60_000)

    assert video.get_attribute("src").startswith(hosted.url)
    page.wait_for_function("video => video.videoWidth > 0", arg=video)
    page.context.close()


def sign_in(page, password):
    page.locator("input").first.fill("ann")
    page.locator("input[type=password]").fill(password)
    page.get_by_role("button", name="Login").click()
