"""How the page looks: on a phone, in light and dark, and whether one can read it."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser

PHONE = (390, 844)
ENOUGH_CONTRAST = 4.5
"""What the Web Content Accessibility Guidelines ask of small text (level AA)."""


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone_in_light_and_dark(visit, dark, picture, clip):
    here = visit(PHONE, dark)
    here.choose(picture, clip)
    here.animate()
    here.result()
    for tab in ("Animate", "Look inside", "Live"):
        here.tab(tab)
        width = here.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, tab
    ground = here.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 200) == dark


@pytest.mark.parametrize("dark", [False, True])
def test_small_print_can_be_read(visit, dark):
    here = visit(dark=dark)
    for text in (".fd-title p", "#screen p", "button[role=tab].selected", "#animate"):
        assert contrast(here.page.locator(text).first) >= ENOUGH_CONTRAST, text


def test_the_button_is_seen_without_scrolling(visit):
    here = visit((1280, 720))

    assert bottom(here, "#animate") <= 720


def test_on_a_phone_one_sees_what_the_button_does(visit, picture, long_clip):
    here = visit(PHONE)
    here.choose(picture, long_clip)
    here.page.evaluate("document.querySelector('#animate').scrollIntoView({block: 'end'})")
    here.animate()
    here.page.wait_for_selector("#screen img")

    assert bottom(here, "#screen") <= PHONE[1]
    here.page.click("#cancel")


def bottom(here, selector):
    box = here.page.locator(selector).bounding_box()
    return box["y"] + box["height"]


def contrast(locator):
    """The contrast ratio of a text on the nearest ground that is painted."""
    colors = locator.evaluate(
        """element => {
            const text = getComputedStyle(element).color;
            for (let e = element; e; e = e.parentElement) {
                const ground = getComputedStyle(e).backgroundColor;
                if (!/, 0\\)$/.test(ground)) return [text, ground];
            }
        }"""
    )
    bright, dim = sorted(map(luminance, colors), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(color):
    """Relative luminance of ``rgb(r, g, b)``."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    red, green, blue = (
        (p / 12.92) if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
