"""Live animation of a clip at 25 frames per second: rate, latency, memory, and a stall.

    uv run python packages/fomm-core/benchmarks/live.py [--models face avatar] [--minutes 10]

A camera that plays a sample again and again drives a sample portrait. Told are, for each part of
the time, frames per second, latency from a frame's arrival to its animation (median and 95 %, in
frames of 40 ms), and the process's memory. In the middle the network is held up for two seconds;
told is how long after that the latency is the usual one again.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import count

import numpy as np
import psutil

from fomm_core.image import ByteArray, read_image
from fomm_core.live.camera import Camera, CameraFrame
from fomm_core.live.frame import LiveFrame
from fomm_core.live.options import LiveOptions
from fomm_core.live.run import LiveStatus, run_live
from fomm_core.live.session import LiveSession
from fomm_core.live.source import prepare_live_source
from fomm_core.loading import load_model
from fomm_core.model.samples import sample_of
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.video import VideoReader

RATE = 25
STALL_SECONDS = 2.0


def endless(clip: Sequence[ByteArray]) -> Iterator[CameraFrame]:
    """Play a clip forwards and backwards for ever, each frame when it is due."""
    there_and_back = [*clip, *reversed(clip)]
    began = time.monotonic()
    for number in count():
        time.sleep(max(0.0, began + number / RATE - time.monotonic()))
        yield CameraFrame(there_and_back[number % len(there_and_back)], number / RATE)


class Stall:
    """Holds the loop up once, in the middle."""

    def __init__(self, at: float) -> None:
        self.at, self.ended = at, 0.0

    def write(self, frame: LiveFrame) -> None:
        """Wait, where it is time."""
        if frame.seconds >= self.at and not self.ended:
            time.sleep(STALL_SECONDS)
            self.ended = time.monotonic()


class Watch:
    """Collects the time, the latency and the memory of each frame."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._process = psutil.Process()
        self._frames = 0
        self.rows: list[tuple[float, float, float]] = []

    def __call__(self, status: LiveStatus) -> bool:
        """Note a frame; tell whether to go on."""
        if status.frames > self._frames:
            self._frames = status.frames
            memory = self._process.memory_info().rss / 1e6
            self.rows.append((time.monotonic(), status.latency_s * RATE, memory))
        return status.frame is None or status.frame.seconds < self._seconds


def measure(name: str, minutes: float, parts: int, paste_back: bool) -> None:
    """Print the table of one model."""
    seconds = 60 * minutes
    with load_model(name) as model:
        portrait, clip = sample_of(model.name)
        how = AnimationOptions(adapt_scale=True, paste_back=paste_back, detail=False)
        source = prepare_live_source(model, read_image(portrait), how)
        stall, watch = Stall(seconds / 2), Watch(seconds)
        camera = Camera("clip", Fraction(RATE), endless(list(VideoReader(clip))))
        run_live(LiveSession(source, LiveOptions()), camera, [stall], watch)
    rows = np.array(watch.rows)
    print(f"\n{name}, {minutes:g} min at {RATE} frames/s\n\n| part | frames/s | latency | MB |")
    print("| --- | --- | --- | --- |")
    for number, part in enumerate(np.array_split(rows, parts)):
        middle, most = np.percentile(part[:, 1], (50, 95))
        rate = (len(part) - 1) / (part[-1, 0] - part[0, 0])
        print(f"| {number + 1} | {rate:.1f} | {middle:.2f}, {most:.2f} | {part[-1, 2]:.0f} |")
    after = rows[rows[:, 0] > stall.ended + 1e-3]
    usual = np.percentile(rows[: len(rows) // 3, 1], 95)
    back = after[after[:, 1] <= usual][0, 0] - stall.ended
    print(f"\nafter a stall of {STALL_SECONDS:g} s: as usual after {back:.2f} s")


def main() -> None:
    """Measure each model."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", nargs="+", default=["face", "avatar"])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--parts", type=int, default=5)
    parser.add_argument("--paste-back", action="store_true", help="show whole pictures")
    options = parser.parse_args()
    for name in options.models:
        measure(name, options.minutes, options.parts, options.paste_back)


if __name__ == "__main__":
    main()
