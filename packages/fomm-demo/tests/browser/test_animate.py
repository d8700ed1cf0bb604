"""The page as a new visitor uses it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from PIL import Image

from fomm_core.video import probe
from fomm_demo.examples import PICTURES

pytestmark = pytest.mark.browser


def test_a_visitor_animates_a_picture_and_saves_the_result(
    visit, picture, clip_with_sound, tmp_path
):
    here = visit()
    here.choose(picture, clip_with_sound)
    here.animate()
    video = here.result()

    assert "25 frames" in here.status()
    here.page.wait_for_function("video => video.currentTime > 0.2", arg=video)
    assert video.evaluate("video => video.webkitAudioDecodedByteCount") > 0
    assert video.evaluate("video => video.videoWidth") == 128
    with here.page.expect_download() as download:
        here.page.click("#result a[download]")
    download.value.save_as(tmp_path / "saved.mp4")
    assert probe(tmp_path / "saved.mp4").has_audio
    assert download.value.suggested_filename.endswith("-animated.mp4")


def test_the_preview_advances_while_frames_are_made(visit, picture, long_clip):
    here = visit()
    here.choose(picture, long_clip)
    here.animate()
    seen, pictures = [], set()
    until = time.monotonic() + 30
    while len(seen) < 4 and time.monotonic() < until:
        match = re.search(r"frame (\d+) of (\d+) ([\d.]+) frames/s (.+) left", here.status())
        if match and (not seen or int(match[1]) > seen[-1]):
            seen.append(int(match[1]))
            pictures.add(here.page.get_attribute("#screen img", "src"))
        time.sleep(0.05)

    assert len(seen) == 4
    assert len(pictures) > 1
    assert here.page.is_disabled("#animate")
    here.page.click("#cancel")


def test_cancel_works_at_once_and_another_try_succeeds(visit, server, picture, long_clip, clip):
    here = visit()
    here.choose(picture, long_clip)
    here.animate()
    here.page.wait_for_selector("#screen img")
    here.page.click("#cancel")
    here.page.wait_for_selector("#status >> text=Cancelled", timeout=2_000)

    assert no_jobs_within(server, 2)
    here.page.wait_for_selector("#animate:enabled")
    here.upload("driving", clip)
    here.page.wait_for_selector("#driving video")
    here.animate()
    here.result()
    assert "25 frames" in here.status()


def test_who_waits_sees_it_and_can_give_up_and_who_comes_too_late_is_told(
    visit, serve, picture, long_clip
):
    busy = serve("--concurrency", "1", "--queue-size", "1").wait()
    first, second, third = (visit(quiet=False, at=busy) for _ in range(3))
    for here in (first, second, third):
        here.choose(picture, long_clip)
    first.animate()
    first.page.wait_for_selector("#screen img")
    second.animate()
    second.page.wait_for_selector("#status >> text=queue: 1/1")
    third.animate()

    assert third.has_toast("busy")
    third.page.wait_for_selector("#animate:enabled")
    third.page.wait_for_selector("#cancel", state="hidden")
    second.page.click("#cancel")
    second.page.wait_for_selector("#animate:enabled")
    assert "Cancelled." in second.status()
    first.page.click("#cancel")
    third.animate()
    third.page.wait_for_selector("#screen img")


def test_cancel_works_however_early_or_late(visit, server, picture, long_clip):
    here = visit()
    here.choose(picture, long_clip)
    for wait_ms in (0, 0, 50, 250, 600):
        here.page.wait_for_selector("#animate:enabled")
        here.animate()
        here.page.wait_for_timeout(wait_ms)
        here.page.click("#cancel")
        here.page.wait_for_selector("#status >> text=Cancelled", timeout=5_000)
        here.page.wait_for_selector("#cancel", state="hidden")
    here.page.wait_for_timeout(500)

    assert "Cancelled." in here.status()
    assert no_jobs_within(server, 2)


def test_the_first_click_animates_the_first_example(visit, serve):
    here = visit(quiet=False, at=serve("--model", "face").wait())
    here.page.locator("#options button").first.click()
    here.page.get_by_label("Stop at").fill("0.4")
    here.animate()
    video = here.result()
    here.page.wait_for_function("video => video.videoWidth > 0", arg=video)

    assert "10 frames" in here.status()
    assert video.evaluate("video => video.videoWidth") == 256


def test_a_face_is_chosen_and_its_square_is_moved(visit, serve, tmp_path):
    group = Image.new("RGB", (800, 400))
    for left, side, path in ((0, 300, PICTURES[1]), (450, 250, PICTURES[2])):
        group.paste(Image.open(path).convert("RGB").resize((side, side)), (left, 0))
    group.save(tmp_path / "group.png")
    here = visit(quiet=False, at=serve("--model", "face").wait())
    here.upload("source", tmp_path / "group.png")
    shown, face = here.page.locator("#found img"), here.page.locator("#face input")

    def click(across, down, choice):
        box = shown.bounding_box()
        width, middle = box["width"], box["height"] / 2  # twice as wide as high
        shown.click(position={"x": across * width, "y": middle + (down - 0.5) * width / 2})
        expected = "choice => document.querySelector('#face input').value === choice"
        here.page.wait_for_function(expected, arg=choice)

    click(0.7, 0.3, "Number 2")
    click(0.95, 0.95, "The square that was moved")
    face.click()
    here.page.get_by_role("option", name="The largest").click()
    face.click()

    here.page.get_by_role("option", name="The largest").wait_for()
    here.page.get_by_role("option", name="The square that was moved").wait_for(state="detached")


def test_other_examples_can_be_taken(visit):
    here = visit()
    here.page.locator("#source-examples .gallery-item").last.click()
    here.page.wait_for_selector("#source img[src*=man_woolly_hat]")
    here.page.locator("#driving-examples .gallery-item").last.click()
    here.page.wait_for_selector("#driving video[src*=moods]")
    here.animate()
    here.result()

    assert "125 frames" in here.status()


def test_options_do_what_they_say(visit, picture, clip):
    here = visit()
    here.choose(picture, clip)
    here.page.locator("#options button").first.click()
    here.page.get_by_label("Picture, video and animation side by side").check()
    here.page.get_by_label("Start from the most similar moment").check()
    here.page.get_by_label("Stop at").fill("0.4")
    here.animate()
    video = here.result()
    here.page.wait_for_function("video => video.videoWidth > 0", arg=video)

    assert "10 frames" in here.status()
    assert video.evaluate("video => video.videoWidth") > 3 * 128


def test_what_is_typed_at_once_stays(visit):
    here = visit(late=True)
    here.page.locator("#options button").first.click()
    end = here.page.get_by_label("Stop at")
    end.fill("0.4")
    for _ in range(3):
        here.page.evaluate("() => new Promise(requestAnimationFrame)")

    assert end.input_value() == "0.4"


def test_a_broken_video_is_a_friendly_message(visit, picture, broken_clip):
    here = visit(quiet=False)
    here.choose(picture, broken_clip)
    here.animate()

    assert here.has_toast("The driving video: expected a video")
    here.page.wait_for_selector("#animate:enabled")
    here.page.wait_for_selector("#cancel", state="hidden")


def test_a_text_named_png_is_a_friendly_message(visit, tmp_path, clip):
    here = visit(quiet=False)
    (tmp_path / "photo.png").write_text("this is no picture")
    here.choose(tmp_path / "photo.png", clip)
    here.animate()

    assert here.has_toast("not a picture that can be read")


@pytest.mark.parametrize(
    ("missing", "message"), [("source", "picture"), ("driving", "driving video")]
)
def test_what_is_missing_is_asked_for(visit, picture, clip, missing, message):
    here = visit()
    here.choose(picture, clip)
    here.clear(missing)
    here.animate()

    assert here.has_toast(f"Choose a {message}")


def test_uploads_that_are_too_large_are_said_to_be(visit, tmp_path):
    here = visit(quiet=False)
    (tmp_path / "large.png").write_bytes(bytes(3_500_000))
    here.upload("source", tmp_path / "large.png")

    assert here.has_toast("maximum")


def test_leaving_the_page_ends_its_job_and_removes_its_result(
    visit, server, picture, long_clip, clip
):
    here = visit()
    here.choose(picture, clip)
    here.animate()
    here.result()
    (root,) = server.folder.glob("fomm-demo-*")
    results = list(root.rglob("ada-animated.mp4"))
    here.upload("driving", long_clip)
    here.page.wait_for_selector("#driving video")
    here.animate()
    here.page.wait_for_selector("#screen img")
    assert server.health()["jobs_running"] == 1
    here.page.close()

    assert no_jobs_within(server, 8)
    assert results
    assert wait_until(lambda: not any(path.exists() for path in results), 5)


def test_a_photo_of_the_camera_can_be_animated(visit, clip):
    here = visit()
    here.clear("source")
    here.page.click("#source button[aria-label='Capture from camera']")
    here.start_camera("source")
    with here.page.expect_response("**/upload*"):
        here.page.click("#source button[aria-label='capture photo']")
    here.page.wait_for_selector("#source img[src*='/gradio_api/file=']")
    here.upload("driving", clip)
    here.page.wait_for_selector("#driving video")
    here.animate()
    here.result()

    assert "25 frames" in here.status()


def test_a_recording_of_the_camera_drives(visit, picture):
    here = visit()
    here.upload("source", picture)
    here.page.wait_for_selector("#source img")
    here.clear("driving")
    here.page.click("#driving button[aria-label='Capture from camera']")
    here.start_camera("driving")
    here.page.click("#driving button[aria-label='start recording']")
    here.page.wait_for_timeout(1500)
    with here.page.expect_response("**/upload*"):
        here.page.get_by_text("Stop", exact=True).click()
    here.page.wait_for_selector("#driving video[src*='/gradio_api/file=']")
    here.animate()
    here.result()

    assert "Done" in here.status()


def test_the_model_has_a_card(visit):
    here = visit()
    here.page.locator("#model-section button").first.click()
    here.page.wait_for_selector("#model-section >> text=Animates")
    text = here.page.inner_text("#model-section")

    for part in ("Made by", "Licence", "Apache-2.0", "Figures"):
        assert part in text


def test_the_result_lies_where_nobody_else_can_guess(visit, picture, clip):
    here = visit()
    here.choose(picture, clip)
    here.animate()
    address = here.result().get_attribute("src")

    assert re.fullmatch(r"[0-9a-f]{32}", Path(address).parent.name)


def no_jobs_within(server, seconds):
    return wait_until(lambda: server.health()["jobs_running"] == 0, seconds)


def wait_until(condition, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return condition()
