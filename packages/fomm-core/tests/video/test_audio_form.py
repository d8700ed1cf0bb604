"""Sound whose form changes within a file is encoded anew, and none of it is lost."""

import logging
from fractions import Fraction

import av
import numpy as np
import pytest

from fomm_core.video import AudioClip, VideoWriter
from fomm_core.video.audio_form import keeps_form

pytestmark = pytest.mark.once


@pytest.fixture
def joined(ffmpeg, tmp_path):
    """Join two seconds of sound of each of some forms, packets copied."""

    def join(name, codec, *forms):
        lines = []
        for number, (channels, rate) in enumerate(forms):
            part = tmp_path / f"{number}.mkv"
            tone = ("-f", "lavfi", "-i", f"sine=d=2:r={rate}")
            ffmpeg.run(*tone, "-ac", channels, "-c:a", codec, part)
            lines.append(f"file {part.name}\n")
        (tmp_path / "list").write_text("".join(lines))
        path = tmp_path / name
        ffmpeg.run("-f", "concat", "-i", tmp_path / "list", "-c", "copy", path)
        return path

    return join


def written(path, target):
    with VideoWriter(target, Fraction(25), audio=AudioClip(path)) as writer:
        for _ in range(100):
            writer.write(np.zeros((32, 32, 3), np.uint8))
    heard = 0.0
    with av.open(str(target)) as result:
        forms = set()
        for frame in result.decode(audio=0):
            forms.add((frame.layout.name, frame.sample_rate))
            heard += frame.samples / frame.sample_rate * (np.abs(frame.to_ndarray()).max() > 0.02)
    return heard, len(forms)


@pytest.mark.parametrize(
    ("name", "codec", "forms"),
    [
        ("a.mp4", "aac", [(1, 44100), (2, 44100)]),
        ("a.mov", "aac", [(1, 44100), (2, 44100)]),
        ("a.flv", "aac", [(1, 44100), (2, 44100)]),
        ("a.mkv", "libmp3lame", [(1, 22050), (2, 48000)]),
    ],
)
@pytest.mark.parametrize("ending", [".mp4", ".webm"])
def test_sound_that_changes_its_form_comes_out_throughout(
    tmp_path, joined, name, codec, forms, ending
):
    path = joined(name, codec, *forms)

    assert not keeps_form(path, 0)
    assert written(path, tmp_path / f"result{ending}") == (pytest.approx(4.0, abs=0.15), 1)


def test_sound_that_keeps_its_form_may_be_copied(joined):
    assert keeps_form(joined("a.mp4", "aac", (2, 44100), (2, 44100)), 0)


def test_a_second_header_of_the_codec_is_another_form(ffmpeg, tmp_path):
    """As FLV has it where recordings of 44.1 and 48 kHz are joined."""
    parts = []
    for rate in (44100, 48000):
        part = tmp_path / f"{rate}.flv"
        ffmpeg.run("-f", "lavfi", "-i", f"sine=d=2:r={rate}", "-c:a", "aac", part)
        parts.append(part.read_bytes())
    path = tmp_path / "joined.flv"
    path.write_bytes(parts[0] + b"".join(later_tags(parts[1], 2000)))

    assert not keeps_form(path, 0)
    assert written(path, tmp_path / "result.mp4") == (pytest.approx(4.0, abs=0.15), 1)


def later_tags(data, milliseconds):
    """Yield the tags of an FLV file, but for its description, at a later time."""
    place = 13
    while place < len(data):
        end = place + 15 + int.from_bytes(data[place + 1 : place + 4], "big")
        time = milliseconds + int.from_bytes(data[place + 4 : place + 7], "big")
        if data[place] != 18:
            yield data[place : place + 4] + time.to_bytes(3, "big") + data[place + 7 : end]
        place = end


def test_sound_that_its_header_does_not_fit_is_told(tmp_path, joined, caplog):
    path = joined("a.mp4", "aac", (2, 44100), (6, 44100))

    with caplog.at_level(logging.WARNING):
        heard, _ = written(path, tmp_path / "result.mp4")

    assert heard == pytest.approx(2.0, abs=0.1)
    assert sum("some of the sound is damaged" in line for line in caplog.messages) == 1
