from __future__ import annotations

from fractions import Fraction

import pytest
from PIL import Image

from fomm_core.errors import MediaError
from fomm_core.image import moment_lengths, read_moments

pytestmark = pytest.mark.once


@pytest.mark.parametrize("ending", [".png", ".webp", ".avif"])
def test_lengths_of_frames_are_known_without_their_colours(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    frames = [Image.new("RGB", (8, 8), (n, 0, 0)) for n in (0, 90, 180)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[40, 80, 120])

    assert list(moment_lengths(path)) == [Fraction(n, 25) for n in (1, 2, 3)]
    assert [seconds for seconds, _ in read_moments(path)] == list(moment_lengths(path))


def test_an_animation_whose_clock_stands_still_is_damaged(tmp_path):
    frames = [Image.new("RGB", (8, 8), (n, 0, 0)) for n in (0, 90)]
    frames[0].save(tmp_path / "a.avif", save_all=True, append_images=frames[1:])
    content = bytearray((tmp_path / "a.avif").read_bytes())
    ticks = content.index(b"mdhd") + 24  # a second, after the times of making
    content[ticks : ticks + 4] = bytes(4)
    (tmp_path / "a.avif").write_bytes(content)

    with pytest.raises(MediaError, match="division by zero"):
        list(read_moments(tmp_path / "a.avif"))
