from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from PIL import Image

BITS = 8
HEIGHT, WIDTH = 48, 64


def numbered_frame(number: int, size: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    """A frame with its number in bits along the top, over a moving texture."""
    height, width = size
    y, x = np.mgrid[:height, :width]
    texture = 128 + 60 * np.sin((x + 3 * number) / 9) * np.cos((y - 2 * number) / 7)
    frame = np.stack([texture, np.roll(texture, 5, 1), 255 - texture], axis=2).astype(np.uint8)
    for bit in range(BITS):
        columns = slice(bit * width // BITS, (bit + 1) * width // BITS)
        frame[: height // 2, columns] = 255 if number >> bit & 1 else 0
    return frame


def number_in(frame: np.ndarray) -> int:
    """Read the number back from a frame of any size, uint8 or float."""
    if frame.shape[0] == 3:
        frame = frame.transpose(1, 2, 0) * 255
    height, width = frame.shape[:2]
    columns = [int((bit + 0.5) * width / BITS) for bit in range(BITS)]
    return sum(int(frame[height // 4, x].mean() > 127) << bit for bit, x in enumerate(columns))


def write_numbered(
    path: Path,
    count: int,
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    stamps: Sequence[int] | None = None,
    size: tuple[int, int] = (HEIGHT, WIDTH),
    first: int = 0,
) -> Path:
    """Write a video of numbered frames, at 25 frames a second or at the given stamps / 100 s."""
    path.parent.mkdir(parents=True, exist_ok=True)
    base = Fraction(1, 25) if stamps is None else Fraction(1, 100)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width, stream.pix_fmt = *size, pixels
        stream.codec_context.time_base = base
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(numbered_frame(first + number, size))
            frame = frame.reformat(format=pixels)
            frame.pts = number if stamps is None else stamps[number]
            frame.time_base = base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_gif(path: Path, count: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = [Image.fromarray(numbered_frame(number)) for number in range(count)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=40)
    return path


def write_folder(path: Path, count: int, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Path:
    path.mkdir(parents=True)
    for number in range(count):
        Image.fromarray(numbered_frame(number, size)).save(path / f"frame{number}.png")
    return path


def turn(path: Path) -> Path:
    """Mark an mp4 as taken with the phone turned by 90 degrees."""
    one, zero, minus, unit = (struct.pack(">i", v) for v in (1 << 16, 0, -(1 << 16), 1 << 30))
    upright = one + zero * 3 + one + zero * 3 + unit
    turned = zero + one + zero + minus + zero * 4 + unit
    data = path.read_bytes()
    place = data.index(upright, data.index(b"tkhd"))
    path.write_bytes(data[:place] + turned + data[place + len(turned) :])
    return path


def write_squares(path: Path, *, turned: bool) -> Path:
    """Write an mp4 of 40 x 40 squares, whose frames become twice as high on the way.

    Its packets are those of two recordings, each with the codec's own header in its key frame.
    """
    with av.open(str(path), "w") as target:
        stamp = 0
        output = None
        for height in (96, 192):
            encoder = av.CodecContext.create("libx264", "w")
            encoder.width, encoder.height, encoder.pix_fmt = 96, height, "yuv420p"
            encoder.time_base, encoder.options = Fraction(1, 25), {"bf": "0"}
            picture = np.zeros((height, 96, 3), np.uint8)
            picture[height // 2 - 20 : height // 2 + 20, 28:68] = 255
            frames = [av.VideoFrame.from_ndarray(picture) for _ in range(10)]
            for frame in [*frames, None]:
                for packet in encoder.encode(frame):
                    if output is None:
                        output = target.add_stream("libx264", rate=25)
                        output.width, output.height, output.pix_fmt = 96, 96, "yuv420p"
                    packet.stream, packet.pts, packet.dts = output, stamp, stamp
                    packet.time_base = Fraction(1, 25)
                    target.mux(packet)
                    stamp += 1
    return turn(path) if turned else path


def runs(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_worker(process: psutil.Process) -> bool:
    try:
        return "serve()" in " ".join(process.cmdline())
    except psutil.Error:  # it just ended
        return False


@pytest.fixture(scope="session")
def workers_alive() -> Callable[[], list[int]]:
    """Tell the worker processes of this process."""
    return lambda: [child.pid for child in psutil.Process().children() if is_worker(child)]


@pytest.fixture(scope="session")
def end_soon() -> Callable[[list[int]], bool]:
    """Tell whether processes end within some time."""

    def wait(pids: list[int]) -> bool:
        for _ in range(1500):
            if not any(runs(pid) for pid in pids):
                return True
            time.sleep(0.02)
        return False

    return wait


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOMM_CACHE", str(tmp_path / "cache"))


@pytest.fixture(name="number_in", scope="session")
def _number_in() -> Callable[[np.ndarray], int]:
    return number_in


@pytest.fixture(name="write_numbered", scope="session")
def _write_numbered() -> Callable[..., Path]:
    return write_numbered


@pytest.fixture(name="write_squares", scope="session")
def _write_squares() -> Callable[..., Path]:
    return write_squares


@pytest.fixture(name="write_folder", scope="session")
def _write_folder() -> Callable[..., Path]:
    return write_folder


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Videos of numbered frames, as different as they come."""
    root = tmp_path_factory.mktemp("videos")
    uneven = np.cumsum([3, 4, 4, 9, 2, 4, 30, 4, 4, 1] * 4).tolist()

    def x264(name: str, count: int, parameters: str, **others: object) -> Path:
        options = {"x264-params": parameters}
        return write_numbered(root / name, count, options=options, **others)  # type: ignore[arg-type]

    return {
        "short groups": x264("short.mp4", 40, "keyint=6:bframes=2"),
        "one group": x264("long.mp4", 60, "keyint=250:scenecut=0:bframes=5:b-pyramid=normal"),
        "open groups": x264("open.mp4", 50, "keyint=10:min-keyint=10:bframes=3:open-gop=1"),
        "variable rate": x264("vfr.mp4", 40, "keyint=8:bframes=2", stamps=uneven),
        "turned": turn(x264("turned.mp4", 20, "keyint=5")),
        "full range": x264("full.mp4", 20, "keyint=5:colormatrix=bt709", pixels="yuvj420p"),
        "mpeg4": write_numbered(
            root / "part2.mov", 30, codec="mpeg4", options={"g": "7", "bf": "2", "b": "2M"}
        ),
        "jpegs": write_numbered(root / "jpegs.mov", 15, codec="mjpeg", pixels="yuvj420p"),
        "vp9": write_numbered(root / "vp9.webm", 15, codec="libvpx-vp9", options={"g": "5"}),
        "gif": write_gif(root / "moving.gif", 20),
        "pictures": write_folder(root / "pictures", 12),
    }


@pytest.fixture
def broken_videos(tmp_path: Path) -> dict[str, Path]:
    """Files that are no intact videos."""
    folder = tmp_path / "broken"
    whole = write_numbered(
        folder / "whole.mp4", 40, options={"movflags": "+faststart", "crf": "4"}
    ).read_bytes()
    gif = write_gif(folder / "whole.gif", 10).read_bytes()
    for name in ("whole.mp4", "whole.gif"):
        (folder / name).unlink()
    contents = {
        "empty.mp4": b"",
        "text.mp4": b"not a video at all" * 50,
        "cut.mp4": whole[: len(whole) * 2 // 3],
        "cut.gif": gif[: len(gif) // 2],
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "no pictures").mkdir()
    return {entry.name: entry for entry in sorted(folder.iterdir())}
