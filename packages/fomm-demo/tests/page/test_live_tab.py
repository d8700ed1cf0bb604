from __future__ import annotations

import base64
from io import BytesIO

import pytest
from PIL import Image

from fomm_core.errors import MediaError


@pytest.fixture(scope="module")
def decode_shot():
    return pytest.importorskip("fomm_demo.page.live_tab").decode_shot


def shot(picture: Image.Image, cut: int = 0) -> dict[str, str]:
    """What a browser sends for a picture, without its last bytes."""
    file = BytesIO()
    picture.save(file, "PNG")
    data = file.getvalue()
    return {"url": f"data:image/png;base64,{base64.b64encode(data[: len(data) - cut]).decode()}"}


def test_a_shot_becomes_rgb_as_pictures_do(decode_shot):
    grey = decode_shot(shot(Image.new("L", (3, 2), 40)), 6)
    clear = decode_shot(shot(Image.new("RGBA", (3, 2), (9, 9, 9, 0))), 6)

    assert (grey.shape, set(grey.flat)) == ((2, 3, 3), {40})
    assert set(clear.flat) == {255}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (None, "sent no picture"),
        ({"url": "https://example.org/a.png"}, "sent no picture"),
        ({"url": "data:image/png;base64,???"}, "damaged"),
        (shot(Image.new("RGB", (64, 64)), cut=30), "damaged"),
        (shot(Image.new("RGB", (65, 64))), "too large"),
    ],
)
def test_what_is_no_shot_is_told(decode_shot, sent, told):
    with pytest.raises(MediaError, match=told):
        decode_shot(sent, 64 * 64)
