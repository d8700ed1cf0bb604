"""A real browser: Chromium from the system's packages, driven by playwright."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

DESKTOP, PHONE = (1280, 900), (390, 844)
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# In containers there is no sandbox; the camera is a picture with a clock.
_FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
_LATE_FRAMES = """{
    const request = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = draw => setTimeout(() => request(draw), 500);
}"""
"""Lets a page do half a second late what it puts off until the next frame, as on a busy machine."""


# Not for the whole session: while playwright runs, no other test can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield started
        started.close()


class Visit:
    """An open page, and what its visitor does there.

    Attributes:
        page: playwright's page.
        hosts: whom the page asked for anything.
        complaints: errors in the browser's console.
    """

    def __init__(self, page, url: str) -> None:
        self.page = page
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("console", self._hear)
        page.goto(url)
        # What stands in its fields comes after them.
        for part in ("#animate", "#source img", "#driving video"):
            page.wait_for_selector(part)

    def _hear(self, message) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def clear(self, component: str) -> None:
        button = f"#{component} button:is([aria-label='Remove Image'], [aria-label='Clear'])"
        self.page.click(button)
        self.page.wait_for_selector(button, state="detached")

    def upload(self, component: str, path: Path) -> None:
        if self.page.locator(f"#{component} :is(img, video)").count():
            self.clear(component)
        self.page.set_input_files(f"#{component} input[type=file]", str(path))

    def choose(self, picture: Path, video: Path) -> None:
        self.upload("source", picture)
        self.page.wait_for_selector("#source img")
        self.upload("driving", video)
        self.page.wait_for_selector("#driving video")

    def animate(self) -> None:
        self.page.click("#animate")

    def start_camera(self, component: str) -> None:
        self.page.locator(f"#{component}").get_by_text("Click to Access Webcam").click()
        self.page.wait_for_function(
            "id => document.querySelector(`#${id} video`)?.videoWidth > 0", arg=component
        )

    def result(self):
        """The animation's video; what a toast says instead fails the test at once."""
        end = self.page.wait_for_selector("#result video, .toast-body", timeout=60_000)
        assert end.evaluate("end => end.tagName") == "VIDEO", end.inner_text()
        return end

    def has_toast(self, part: str) -> bool:
        self.page.locator(".toast-body").get_by_text(part).first.wait_for(timeout=20_000)
        return True

    def status(self) -> str:
        return " ".join(self.page.inner_text("#status").split())


@pytest.fixture
def visit(browser, server) -> Iterator[Callable[..., Visit]]:
    """Opens pages in contexts of their own, and checks that they asked nobody else."""
    contexts, visits = [], []

    def open_page(size=DESKTOP, dark=False, quiet=True, at=server, late=False) -> Visit:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            permissions=["camera", "microphone"],
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        if late:
            context.add_init_script(_LATE_FRAMES)
        opened = Visit(context.new_page(), at.url)
        if quiet:
            visits.append(opened)
        return opened

    yield open_page
    for context in contexts:
        context.close()
    for opened in visits:
        assert opened.hosts <= {urlsplit(server.url).netloc, ""}
        assert opened.complaints == []
