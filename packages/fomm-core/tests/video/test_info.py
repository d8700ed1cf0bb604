from fractions import Fraction

import av
import pytest
from PIL import Image

from fomm_core.video import VideoInfo, probe
from fomm_core.video.rates import constant_rate

pytestmark = pytest.mark.once


def test_a_video_in_figures(clip):
    assert probe(clip) == VideoInfo(
        path=clip,
        width=64,
        height=48,
        frame_rate=Fraction(25),
        frame_count=50,
        duration_s=2.0,
        has_audio=True,
        kind="video",
    )


def test_the_length_is_measured_in_whole_and_in_broken_files(tmp_path, clip):
    cut = tmp_path / "cut.mkv"
    with av.open(str(clip)) as source, av.open(str(cut), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    whole = probe(cut).duration_s
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 9 // 10])

    assert probe(clip).duration_s == pytest.approx(whole, abs=0.002)
    assert 0 < probe(cut).duration_s < whole


def test_a_turned_video_in_figures(ffmpeg, tmp_path, clip):
    turned = ffmpeg.copy(clip, tmp_path / "turned.mp4", before=("-display_rotation:v:0", "90"))

    info = probe(turned)

    assert (info.width, info.height) == (48, 64)


def test_a_gif_and_a_folder_and_a_picture_in_figures(ffmpeg, tmp_path):
    gif = ffmpeg.clip(tmp_path / "a.gif", frames=10)
    Image.new("L", (6, 4)).save(tmp_path / "a.JPG", format="JPEG")

    assert (probe(gif).kind, probe(gif).frame_count, probe(gif).has_audio) == ("gif", 10, False)
    assert (probe(tmp_path).kind, probe(tmp_path).frame_count) == ("folder", 1)
    picture = probe(tmp_path / "a.JPG")
    assert (picture.kind, picture.frame_count, picture.duration_s) == ("picture", 1, 0.04)
    assert (picture.width, picture.height) == (6, 4)


def test_a_cover_picture_is_no_video(ffmpeg, tmp_path, clip):
    Image.new("L", (16, 16)).save(tmp_path / "cover.png")
    song = tmp_path / "song.m4a"
    cover = ("-i", tmp_path / "cover.png", "-map", "0:a", "-map", "1", "-c", "copy")
    ffmpeg.run("-i", clip, *cover, "-disposition:v:0", "attached_pic", "-f", "mp4", song)

    with pytest.raises(Exception, match="without a video stream"):
        probe(song)


NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("guessed", "average", "chosen"),
    [
        (Fraction(25), Fraction(25), Fraction(25)),
        (NTSC, Fraction(2997, 100), NTSC),
        (Fraction(25), Fraction(35, 2), Fraction(25)),  # frames were left out
        (Fraction(50), Fraction(25), Fraction(25)),  # interlaced
        (Fraction(240), Fraction(240), Fraction(240)),  # slow motion
        (Fraction(90000), Fraction(2991, 100), NTSC),  # a phone's uneven stamps
        (Fraction(100), Fraction(14), Fraction(15)),  # a GIF with uneven delays
        (None, NTSC, NTSC),
        (Fraction(30), None, Fraction(30)),
        (None, None, Fraction(25)),
        (Fraction(0), Fraction(0), Fraction(25)),
    ],
)
def test_the_constant_rate_of_a_stream(guessed, average, chosen):
    assert constant_rate(guessed, average) == chosen
