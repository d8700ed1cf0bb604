from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from fomm_core.errors import MediaError
from fomm_demo.web.live_messages import decode_frame

pytestmark = pytest.mark.once


def shot(picture: Image.Image, cut: int = 0) -> bytes:
    """A picture as a browser sends it, without its last bytes."""
    file = BytesIO()
    picture.save(file, "PNG")
    data = file.getvalue()
    return data[: len(data) - cut]


def test_a_shot_becomes_rgb_as_pictures_do():
    grey = decode_frame(shot(Image.new("L", (3, 2), 40)), 6)
    clear = decode_frame(shot(Image.new("RGBA", (3, 2), (9, 9, 9, 0))), 6)

    assert (grey.shape, set(grey.flat)) == ((2, 3, 3), {40})
    assert set(clear.flat) == {255}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"", "expected a JPEG, PNG or WebP picture, found nothing; load"),
        (
            b"https://example.org/a.png",
            "found a damaged one, or",
        ),  # and is not fetched
        (b"???", "found a damaged one, or"),
        (shot(Image.new("RGB", (64, 64)), cut=30), "found a damaged one, or"),
        (shot(Image.new("RGB", (65, 64))), "expected at most 4096 pixels, found 65 x 64; send"),
    ],
)
def test_what_is_no_shot_is_told(sent, told):
    with pytest.raises(MediaError, match=told):
        decode_frame(sent, 64 * 64)
