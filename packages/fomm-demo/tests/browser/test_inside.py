"""The tabs behind the first: looking inside, saved motions, and the camera."""

from __future__ import annotations

import re
import time

import pytest

pytestmark = pytest.mark.browser


def look_inside(here, picture, clip):
    here.choose(picture, clip)
    here.tab("Look inside")
    here.page.click("#look")
    here.page.wait_for_selector("#panels img", timeout=60_000)


def test_a_visitor_looks_inside_and_moves_through_the_frames(visit, picture, clip):
    here = visit()
    look_inside(here, picture, clip)
    captions = here.page.locator("#panels figcaption").all_inner_texts()
    first = here.page.locator("#panels img").all()[1].get_attribute("src")

    assert captions == [
        "Picture, with its keypoints",
        "Video frame, with its keypoints",
        "Picture, bent into the new pose",
        "What stays visible (white)",
        "Result, with its keypoints",
        "Result",
    ]
    assert here.page.locator("#paths polyline").count() == 20
    here.page.locator("#frame input[type=number]").fill("12")
    here.page.locator("#frame input[type=number]").press("Enter")
    here.page.wait_for_function(
        "before => document.querySelectorAll('#panels img')[1].src !== before", arg=first
    )
    here.page.get_by_text("Masks: which keypoint").click()
    here.page.wait_for_selector("#masks img")
    assert here.page.locator("#masks figure").count() == 11


def test_a_motion_is_saved_and_drives_another_picture(visit, picture, clip, tmp_path):
    here = visit()
    look_inside(here, picture, clip)
    with here.page.expect_download() as download:
        here.page.click("#save-motion")
    download.value.save_as(tmp_path / "motion.npz")

    there = visit()
    there.page.locator("#source-examples .gallery-item").first.click()
    there.page.get_by_text("Use a saved motion instead").click()
    there.upload("motion", tmp_path / "motion.npz")
    there.page.wait_for_selector("#motion >> text=motion.npz")
    there.animate()
    there.result()
    assert "25 frames" in there.status()


def live_page(here):
    """The frame with the live page, its camera started."""
    here.tab("Live")
    frame = here.page.frame_locator("#live iframe")
    frame.locator("#start").click()
    return frame


def shown(frame, frames=1, phase=""):
    """Wait until so many pictures were shown, in a phase; the canvas."""
    canvas = frame.locator(f"#picture[data-frames]{f'[data-phase={phase}]' if phase else ''}")
    canvas.wait_for(timeout=60_000)
    until = time.monotonic() + 30
    while int(canvas.get_attribute("data-frames")) < frames and time.monotonic() < until:
        time.sleep(0.1)
    assert int(canvas.get_attribute("data-frames")) >= frames
    return canvas


def pixels(canvas):
    return canvas.evaluate("canvas => canvas.toDataURL()")


def test_the_picture_follows_the_camera(visit, picture):
    here = visit()
    here.upload("source", picture)
    here.page.wait_for_selector("#source img")
    frame = live_page(here)
    canvas = shown(frame, phase="live")
    pictures = set()
    until = time.monotonic() + 15
    while len(pictures) < 4 and time.monotonic() < until:
        pictures.add(pixels(canvas))
        time.sleep(0.1)

    assert len(pictures) >= 4
    assert re.search(r"[\d.]+ frames/s, \d+ ms latency", frame.locator("#speed").inner_text())


def test_an_error_is_shown_while_frames_go_on_until_it_is_clicked(visit, picture):
    here = visit()
    here.upload("source", picture)
    here.page.wait_for_selector("#source img")
    frame = live_page(here)
    canvas, message = shown(frame, phase="searching"), frame.locator("#message")
    message.evaluate("() => ask('source', 98)")
    message.get_by_text("expected one of 9, found number 99").wait_for()
    shown(frame, int(canvas.get_attribute("data-frames")) + 5)
    assert "expected one of 9, found number 99" in message.inner_text()
    message.click()
    assert "found number 99" not in message.inner_text()


def test_pictures_are_switched_and_a_clean_view_shows_the_same(visit, picture):
    here = visit()
    here.upload("source", picture)
    here.page.wait_for_selector("#source img")
    frame = live_page(here)
    before = pixels(shown(frame, phase="live"))
    frame.locator("#sources button").nth(1).click()
    count = int(shown(frame).get_attribute("data-frames"))
    after = pixels(shown(frame, count + 20))
    assert frame.locator("#sources button").count() == 9
    assert before != after

    with here.page.context.expect_page() as opened:
        frame.locator("#clean").click()
    opened.value.wait_for_selector("#picture[data-frames]")
    assert not opened.value.locator("#controls").is_visible()


def test_without_a_picture_the_live_tab_asks_for_one(visit):
    here = visit()
    here.clear("source")
    here.tab("Live")
    here.page.wait_for_selector("#live >> text=Choose a picture")
