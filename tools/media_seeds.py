"""Files of all kinds that fomm-core reads: those of its tests, and tiny ones made here."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import imageio_ffmpeg
import numpy as np
from PIL import Image

from fomm_core.motion.template import MotionTemplate
from media_parts import split
from workspace import ROOT

_TESTS = ROOT / "packages" / "fomm-core" / "tests"
_PROFILED = _TESTS / "colour" / "patch_p3.png"
_SECONDS = 0.5
_INPUTS = (
    *("-f", "lavfi", "-i", f"testsrc=size=64x48:rate=24:duration={_SECONDS}"),
    *("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=44100:duration={_SECONDS}"),
)

_CLIPS = {
    "h264-aac.mp4": "-c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart",
    "fragmented.mp4": "-c:v libx264 -pix_fmt yuv420p -c:a aac -movflags frag_keyframe+empty_moov",
    "mpeg4-mp3.mp4": "-c:v mpeg4 -c:a libmp3lame",
    "prores-pcm.mov": "-c:v prores -c:a pcm_s16le",
    "jpeg.mov": "-c:v mjpeg -c:a alac",
    "ffv1-flac.mkv": "-c:v ffv1 -c:a flac",
    "h264-opus.mkv": "-c:v libx264 -pix_fmt yuv420p -c:a libopus",
    "vp8-vorbis.webm": "-c:v libvpx -c:a libvorbis",
    "vp9-opus.webm": "-c:v libvpx-vp9 -c:a libopus",
    "mpeg4-mp3.avi": "-c:v mpeg4 -c:a libmp3lame",
    "jpeg-pcm.avi": "-c:v mjpeg -c:a pcm_s16le",
    "h264-mp2.ts": "-c:v libx264 -pix_fmt yuv420p -c:a mp2",
    "mpeg2-mp2.mpg": "-c:v mpeg2video -c:a mp2",
    "flv1-mp3.flv": "-c:v flv -c:a libmp3lame",
    "h264-aac.flv": "-c:v libx264 -pix_fmt yuv420p -c:a aac",
    "theora-vorbis.ogv": "-c:v libtheora -c:a libvorbis",
    "wmv2-wma.wmv": "-c:v wmv2 -c:a wmav2",
    "raw.h264": "-c:v libx264 -pix_fmt yuv420p -an",
    "raw.y4m": "-pix_fmt yuv420p -an -frames:v 4",
    "vp8.ivf": "-c:v libvpx -an",
    "pcm.nut": "-c:v mpeg4 -c:a pcm_s16le",
    "video.gif": "-an",
}
"""Name -> options of the FFmpeg program."""


def make_seeds() -> dict[str, bytes]:
    """Collect the files by name; the same bytes each time, with the same libraries."""
    with TemporaryDirectory() as folder:
        made = Path(folder)
        _write_clips(made)
        _write_pictures(made)
        _write_template(made / "motion.npz")
        stored = [*(_TESTS / "video" / "files").iterdir(), _PROFILED]
        files = sorted([*stored, *made.iterdir()], key=lambda path: path.name)
        return {path.name: path.read_bytes() for path in files}


def _write_clips(folder: Path) -> None:
    """Write the clips with one call, as starting the program takes longest."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *_INPUTS]
    for name, options in _CLIPS.items():
        exact = ("-map", "0:v", "-map", "1:a?", "-flags", "+bitexact", "-fflags", "+bitexact")
        command += [*exact, "-threads", "1", *options.split(), str(folder / name)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def _write_pictures(folder: Path) -> None:
    frames = list(_frames())
    first = frames[0]
    profile = Image.open(_PROFILED).info["icc_profile"]
    wide = Image.fromarray(np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 20)
    exif = Image.Exif()
    exif.update({0x0112: 6, 0x010F: "maker"})  # turned by a quarter
    clear = first.convert("RGBA")
    clear.putalpha(first.convert("L"))
    for name, picture in {
        **dict.fromkeys(("still.webp", "still.avif", "rgb.jp2", "rgb.bmp", "rgb.tga"), first),
        **dict.fromkeys(("rgb.ppm", "rgb.ico", "still.gif"), first),
        **dict.fromkeys(("rgba.png", "rgba.tif", "rgba.jp2", "rgba.avif"), clear),
        **dict.fromkeys(("wide.png", "wide.tif", "wide.pgm"), wide),
        **{"cmyk.jpg": first.convert("CMYK"), "palette.png": first.convert("P")},
        **{"palette.tif": first.convert("P"), "one-bit.tif": first.convert("1")},
        "float.tif": first.convert("F"),
    }.items():
        picture.save(folder / name)
    first.save(folder / "profile.png", icc_profile=profile)
    first.save(folder / "profile.jpg", icc_profile=profile, exif=exif, progressive=True)
    first.save(folder / "profile.webp", icc_profile=profile, exif=exif, lossless=True)
    for compression in ("tiff_lzw", "tiff_deflate", "jpeg", "packbits"):
        first.save(folder / f"{compression}.tif", compression=compression, exif=exif)
    for name in ("moving.png", "moving.webp", "moving.avif", "moving.gif", "pages.tif"):
        first.save(folder / name, save_all=True, append_images=frames[1:], duration=80)
    _forget_times(folder / "moving.avif")


def _forget_times(path: Path) -> None:
    """Set the times of making in the headers of an AVIF (64 bits, twice) to 0."""
    stored = path.read_bytes()
    cleared = bytearray(stored)
    for part in split(stored):
        if stored[part.start + 4 : part.start + 8] in (b"mvhd", b"tkhd", b"mdhd"):
            cleared[part.start + 12 : part.start + 28] = bytes(16)
    path.write_bytes(cleared)


def _frames() -> Iterator[Image.Image]:
    y, x = np.mgrid[:48, :64]
    for n in range(5):
        planes = [(x * 3 + n * 9) % 256, (y * 5) % 256, (x + y + n) % 256]
        yield Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def _write_template(path: Path) -> None:
    values = np.linspace(-1, 1, 4 * 5 * 2, dtype=np.float32).reshape(4, 5, 2)
    jacobians = np.broadcast_to(np.eye(2, dtype=np.float32), (4, 5, 2, 2)).copy()
    MotionTemplate(values, jacobians, Fraction(25), "avatar", (64, 64)).save(path)
