"""Colours of videos against FFmpeg's ``zscale``."""

import logging

import numpy as np
import pytest

from fomm_core.video import layout
from fomm_core.video.reader import VideoReader

SIDE = 256
LEVELS = np.linspace(20, 235, 8).astype(np.uint8)
COLOURS = np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS), axis=-1).reshape(-1, 3)
SDR = "zscale=p=bt709:t=bt709:m=gbr:r=full,format=gbrp"
HDR = (
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,"
    "tonemap=mobius:param=0.9:peak=4.926108:desat=0,zscale=t=bt709:m=gbr:r=full,format=gbrp"
)


def tags(primaries, curve, matrix, extent="tv"):
    colour = f"color_primaries={primaries}:color_trc={curve}:colorspace={matrix}"
    return f"setparams={colour}:range={extent}"


@pytest.fixture
def chart(ffmpeg, tmp_path):
    """Write 512 colours as patches, through filters, to a lossless video of two frames."""

    def write(*filters, name="chart.mkv", codec=("-c:v", "ffv1")):
        patches = np.zeros((SIDE // 8, SIDE // 8, 3), np.uint8)
        patches.reshape(-1, 3)[: len(COLOURS)] = COLOURS
        frame = np.repeat(np.repeat(patches, 8, axis=0), 8, axis=1)
        source = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{SIDE}x{SIDE}", "-r", 5, "-i", "-")
        chain = ",".join([tags("bt709", "bt709", "gbr", "pc"), *filters])
        path = tmp_path / name
        ffmpeg.run(*source, "-vf", chain, *codec, path, stdin=frame.tobytes() * 2)
        return path

    return write


def colours(frame):
    """The patches' colours, without their borders."""
    return frame[4::8, 4::8].reshape(-1, 3)[: len(COLOURS)].astype(int)


def by_zscale(ffmpeg, path, filters):
    raw = ffmpeg.run(
        *("-i", path, "-vf", filters, "-frames:v", 1, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    )
    return colours(np.frombuffer(raw, np.uint8).reshape(SIDE, SIDE, 3))


def first(path):
    return colours(next(iter(VideoReader(path))))


@pytest.mark.parametrize("pixels", ["yuv444p", "yuv420p", "yuv444p10le"])
@pytest.mark.parametrize(
    ("primaries", "matrix"),
    [
        ("bt2020", "bt2020nc"),
        ("smpte432", "bt709"),
        ("smpte170m", "smpte170m"),
        ("bt470bg", "bt470bg"),
        ("smpte240m", "bt709"),
    ],
)
def test_primaries_are_converted_as_by_zscale(ffmpeg, chart, primaries, matrix, pixels):
    as_tagged = tags(primaries, "bt709", "gbr", "pc")
    path = chart(as_tagged, f"zscale=m={matrix}:r=limited,format={pixels}")

    found = first(path)

    error = np.abs(found - by_zscale(ffmpeg, path, SDR))
    # Where zscale keeps what lies outside of the source's range the last few levels differ.
    assert np.percentile(error, 99.5) <= 2
    assert np.abs(found - COLOURS).max() > 10


@pytest.mark.parametrize("curve", ["bt470m", "bt470bg", "linear"])
def test_curves_are_converted_as_by_zscale(ffmpeg, chart, curve):
    path = chart("zscale=m=bt709:r=full,format=yuv444p10le", tags("bt709", curve, "bt709", "pc"))

    assert np.percentile(np.abs(first(path) - by_zscale(ffmpeg, path, SDR)), 99.5) <= 2


@pytest.mark.parametrize("curve", ["bt709", "iec61966-2-1", "smpte170m", "bt2020-10"])
@pytest.mark.parametrize("extent", ["limited", "full"])
def test_sdr_of_bt709_is_to_the_bit_what_ffmpeg_gives(ffmpeg, chart, curve, extent):
    kind = {"limited": "tv", "full": "pc"}[extent]
    as_tagged = tags("bt709", curve, "bt709", kind)
    path = chart(f"zscale=m=bt709:r={extent},format=yuv420p", as_tagged)

    frame = next(iter(VideoReader(path)))

    np.testing.assert_array_equal(frame, ffmpeg.decode(path, (SIDE, SIDE))[0])


@pytest.mark.parametrize("curve", ["arib-std-b67", "smpte2084"])
@pytest.mark.parametrize("extent", ["limited", "full"])
def test_sdr_in_hdr_comes_back(ffmpeg, chart, curve, extent):
    to_hdr = f"zscale=p=bt2020:t={curve}:m=bt2020nc:r={extent}:npl=203"
    kind = {"limited": "tv", "full": "pc"}[extent]
    path = chart(f"{to_hdr},format=yuv444p10le", tags("bt2020", curve, "bt2020nc", kind))

    found = first(path)

    assert np.abs(found - by_zscale(ffmpeg, path, HDR)).max() <= 6
    # Ten bits do not suffice for the deepest reds and greens.
    assert np.percentile(np.abs(found - COLOURS), 95) <= 6


@pytest.mark.parametrize("curve", ["arib-std-b67", "smpte2084"])
def test_hdr_is_tone_mapped_as_by_zscale(ffmpeg, chart, curve):
    path = chart(
        "setparams=color_trc=bt2020-10:color_primaries=bt2020",
        "zscale=m=bt2020nc:r=limited,format=yuv444p10le",
        tags("bt2020", curve, "bt2020nc"),
    )

    assert np.abs(first(path) - by_zscale(ffmpeg, path, HDR)).max() <= 6


@pytest.mark.parametrize("curve", ["arib-std-b67", "smpte2084"])
def test_a_phones_video(chart, curve):
    path = chart(
        f"zscale=p=bt2020:t={curve}:m=bt2020nc:r=limited:npl=203,format=yuv420p10le",
        name="phone.mp4",
        codec=("-c:v", "libx265", "-x265-params", "log-level=error:lossless=1", "-tag:v", "hvc1"),
    )

    assert np.percentile(np.abs(first(path) - COLOURS), 99) <= 6


@pytest.mark.parametrize("matrix", ["ictcp", "bt2020c", "ycgco"])
def test_matrices_that_the_scaler_does_not_know_do_not_stop_it(chart, matrix):
    path = chart("zscale=m=bt709:r=limited,format=yuv444p10le", tags("bt2020", "smpte2084", matrix))

    assert next(iter(VideoReader(path))).shape == (SIDE, SIDE, 3)


def test_transparent_pictures_of_other_primaries_are_laid_on_white(chart):
    path = chart(
        tags("smpte432", "bt709", "gbr", "pc"),
        "format=gbrap,colorchannelmixer=aa=0",
        tags("smpte432", "bt709", "gbr", "pc"),
    )

    assert first(path).min() == 255


@pytest.mark.parametrize(
    ("filters", "tolerance"),
    [
        # Its colours are reduced once more across, which mixes those of neighbours.
        (("zscale=m=smpte170m:r=limited,format=yuv420p",), 18),
        ((tags("bt2020", "smpte2084", "gbr", "pc"), "format=gbrp10le"), 0),
        (("format=gbrap",), 0),
    ],
    ids=["8 bits", "HDR", "alpha"],
)
def test_reduced_frames_have_the_same_colours(chart, filters, tolerance):
    path = chart(*filters)
    frame = next(iter(VideoReader(path).reduced(4)))
    assert frame.shape == (SIDE // 4, SIDE // 4, 3)
    patches = frame.reshape(32, 2, 32, 2, 3).astype(int)
    found = patches.mean(axis=(1, 3)).reshape(-1, 3)[: len(COLOURS)]
    assert np.abs(found - first(path)).max() <= tolerance


@pytest.mark.parametrize(("matrix", "told"), [("ictcp", ["ICtCp"]), ("bt2020nc", [])])
def test_a_space_of_colours_that_is_not_known_is_told_once(chart, caplog, matrix, told):
    layout._warn_once.cache_clear()
    path = chart("format=yuv444p10", tags("bt2020", "smpte2084", matrix))
    with caplog.at_level(logging.WARNING, "fomm_core.video.layout"):
        assert len(list(VideoReader(path))) == 2
    assert [text.split()[0] for text in caplog.messages] == told
