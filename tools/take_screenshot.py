"""Take the picture of the demo's README: the page while it animates an example.

    uv run python tools/take_screenshot.py

Needs Chromium (Debian's package `chromium`).
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Error, Page, sync_playwright

from workspace import ROOT

OUT = ROOT / "packages" / "fomm-demo" / "screenshot.png"
SIZE = (1020, 730)
PORT = 7869
FRAME = 20
"""The picture is taken when so many frames are animated."""

_START_SECONDS = 60
_FAR_ENOUGH = """
least => {
    const frame = document.querySelector('#status').innerText.match(/frame (\\d+) of/);
    return frame && Number(frame[1]) >= least && document.querySelector('#screen img');
}
"""


@contextmanager
def served() -> Iterator[str]:
    """Serve the page in a process of its own; its address."""
    process = subprocess.Popen(["fomm", "demo", "--port", str(PORT)])
    try:
        yield f"http://127.0.0.1:{PORT}"
    finally:
        process.terminate()
        process.wait()


def photograph(page: Page, address: str) -> None:
    """Animate the first example as a visitor does, and take the picture meanwhile."""
    page.set_default_timeout(_START_SECONDS * 1000)
    _open(page, address)
    for component in ("source", "driving"):
        page.locator(f"#{component}-examples button").first.click()
    page.wait_for_selector("#source img")
    page.wait_for_selector("#driving video")
    page.wait_for_timeout(1000)  # until the pictures are shown in full
    page.click("#animate")
    page.wait_for_function(_FAR_ENOUGH, arg=FRAME, polling=20)
    page.screenshot(path=OUT)


def _open(page: Page, address: str) -> None:
    """Open the page as soon as it is served."""
    for _ in range(_START_SECONDS):
        try:
            page.goto(address)
        except Error:
            page.wait_for_timeout(1000)
        else:
            page.wait_for_selector("#animate")
            return
    raise SystemExit(f"{address}: expected the page within {_START_SECONDS} s, found none")


def main() -> None:
    """Write the screenshot."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise SystemExit("expected Chromium, found none; apt-get install chromium")
    width, height = SIZE
    with served() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height})
        photograph(page, address)
        browser.close()
    print(f"{OUT}: {OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
