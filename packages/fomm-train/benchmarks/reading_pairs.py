"""Speed of reading training pairs, and whether a training waits for them.

Usage: python benchmarks/reading_pairs.py [--video FILE] [--step-ms MS] [--batch-size B]

Part one reads pairs from the same video in several forms, and compares with decoding a whole
ordinary mp4 of 125 frames, which is what a loader without random access does for each pair.
Measured is the time of the processor, in turns, so that other programs disturb little. The
rows "PyAV's own seeking" open the container and seek to each frame of a pair, without the table
of packets: the two frames are the same.

Part two feeds a training whose steps take a given time (asleep, as if an accelerator worked)
and tells which share of it is spent waiting for data.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from fomm_core.image import ByteArray, fit
from fomm_core.video import VideoReader
from fomm_train.config import AugmentationParams, FlipParams, JitterParams
from fomm_train.data.clip import Clip, DirectClip, SequentialClip, open_clip
from fomm_train.data.index import IndexStore
from fomm_train.data.pairs import VideoPairs
from fomm_train.data.prepare.plan import ClipJob, Settings
from fomm_train.data.prepare.run import Preparation
from fomm_train.data.prepare.sinks import FORMS
from fomm_train.data.workers.loader import BatchLoader

FRAMES, SIZE = 125, 256
ROUNDS, PAIRS_PER_ROUND = 12, 20
MOST_DIFFERENT = 3  # of 255: swscale rounds by options of its own
AUGMENTATION = AugmentationParams(
    flip_param=FlipParams(horizontal_flip=True, time_flip=True),
    jitter_param=JitterParams(brightness=0.1, contrast=0.1, saturation=0.1, hue=0.1),
)


def synthetic_frames() -> Iterator[ByteArray]:
    """A coloured texture under a round head that moves and turns."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 255, (24, 24, 3), dtype=np.uint8)
    background, skin = fit(coarse, (SIZE, SIZE)), fit(coarse[4:12, 4:12], (2 * SIZE, 2 * SIZE))
    y, x = np.mgrid[:SIZE, :SIZE]
    for number in range(FRAMES):
        phase = number / 12
        centre = (SIZE / 2 + 30 * np.sin(phase), SIZE / 2 + 20 * np.cos(phase * 1.3))
        inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < (SIZE / 3) ** 2
        shift = int(40 * np.sin(phase * 0.7)) + 60
        face = skin[shift : shift + SIZE, shift : shift + SIZE]
        noise = random.integers(-3, 4, (SIZE, SIZE, 3))
        frame = np.where(inside[:, :, None], face, background) + noise
        yield frame.clip(0, 255).astype(np.uint8)


def encode(path: Path, frames: list[ByteArray], **options: str) -> Path:
    """Write an H.264 video with x264's own settings but for the options."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width = stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def prepare(folder: Path, source: Path) -> dict[str, Path]:
    """Make what ``fomm prepare`` makes of a video, in each of its forms."""
    made: dict[str, Path] = {}
    for form in FORMS:
        out, job = folder / form, ClipJob(source, "clip")
        settings = Settings((SIZE, SIZE), form)
        with Preparation.open(out, settings) as preparation:
            list(preparation.run([job], workers=0))
        made[form] = job.path(out, form)
    return made


def bytes_of(path: Path) -> int:
    """Size of a file, or of the files of a folder."""
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)


def cpu_seconds(work: Callable[..., object], *arguments: object) -> float:
    """Time of the processor that some work takes."""
    began = time.process_time()
    work(*arguments)
    return time.process_time() - began


def read_all(path: Path) -> None:
    """Decode a whole video, opening it anew."""
    for _ in SequentialClip(path, FRAMES).span(0, FRAMES):
        pass


def read_pairs(clip: Clip | SeekingClip, pairs: list[list[int]]) -> None:
    """Read pairs of frames, each by itself."""
    for pair in pairs:
        clip.frames(pair)


class SeekingClip:
    """Reads frames as PyAV offers it: open the container, seek to a key frame, decode.

    Args:
        path: of the video.
        stamps: of the frames in order of presentation, in the stream's own unit; finding
            them takes a table too, or a constant frame rate.
    """

    def __init__(self, path: Path, stamps: list[int]) -> None:
        self._path = path
        self._stamps = stamps

    def frames(self, numbers: Sequence[int]) -> list[ByteArray]:
        """Read frames; opened anew each time, as a data set has more videos than files."""
        with av.open(str(self._path)) as container:
            stream = container.streams.video[0]
            stream.thread_type, stream.thread_count = "NONE", 1
            return [self._frame(container, self._stamps[number]) for number in numbers]

    def _frame(self, container: InputContainer, stamp: int) -> ByteArray:
        container.seek(stamp, stream=container.streams.video[0])
        frame = next(f for f in container.decode(video=0) if f.pts == stamp)
        return frame.to_ndarray(format="rgb24")


def seeking(clip: Clip) -> SeekingClip:
    """Read the same video by seeking, and check on two frames that it is the same."""
    table = IndexStore().get(clip.path).table
    stamps = table.packets["pts"][table.rows].tolist()
    made = SeekingClip(clip.path, stamps)
    for mine, theirs in zip(clip.frames([3, 77]), made.frames([3, 77]), strict=True):
        if np.abs(mine.astype(int) - theirs).max() > MOST_DIFFERENT:
            raise SystemExit(f"{clip.path}: seeking gives other frames")
    return made


def compare(whole: Path, forms: dict[str, Path]) -> None:
    """Print pairs per second from each form, and how many times those of whole videos."""
    random = np.random.default_rng(0)
    clips: dict[str, Clip | SeekingClip] = {}
    for name, path in forms.items():
        clips[name] = clip = open_clip(path, IndexStore())
        if isinstance(clip, DirectClip):
            clips[f"{name}, PyAV's own seeking"] = seeking(clip)
    everything, spent = 0.0, dict.fromkeys(clips, 0.0)
    for _ in range(ROUNDS):
        everything += cpu_seconds(read_all, whole)
        drawn = random.integers(0, FRAMES, (PAIRS_PER_ROUND, 2)).tolist()
        for name, clip in clips.items():
            spent[name] += cpu_seconds(read_pairs, clip, drawn)
    per_video = everything / ROUNDS
    print(f"decoding all {FRAMES} frames of the ordinary mp4: {1 / per_video:.1f} videos/s\n")
    print("| form of the video | kB | pairs/s | times whole videos |\n| --- | --- | --- | --- |")
    for name, seconds in spent.items():
        per_pair = seconds / ROUNDS / PAIRS_PER_ROUND
        size = bytes_of(forms[name.removesuffix(", PyAV's own seeking")]) / 1000
        print(f"| {name} | {size:.0f} | {1 / per_pair:.0f} | {per_video / per_pair:.1f} |")


def watch_waiting(videos: list[Path], batch_size: int, step_s: float, steps: int) -> None:
    """Print the share of steps of a given length that is spent waiting for batches."""
    print(f"\nsteps of {1000 * step_s:.0f} ms, batches of {batch_size} pairs with colour jitter\n")
    print("| workers | waiting per step | share of the step |\n| --- | --- | --- |")
    for workers in (0, 1, 2):
        pairs = VideoPairs(videos, (SIZE, SIZE), repeats=1000, augmentation=AUGMENTATION)
        with BatchLoader(pairs, batch_size, workers=workers) as loader:
            batches = loader.epoch(0)
            next(batches)
            loader.wait_seconds = 0.0
            for _ in islice(batches, steps):
                time.sleep(step_s)
            waiting = loader.wait_seconds / steps
        print(
            f"| {workers} | {1000 * waiting:.2f} ms | {100 * waiting / (step_s + waiting):.2f} % |"
        )


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--video", type=Path, help="a video of 125 frames or more to use")
    parser.add_argument("--step-ms", type=float, default=300.0)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    source = synthetic_frames() if options.video is None else iter(VideoReader(options.video))
    frames = [fit(frame, (SIZE, SIZE)) for frame in islice(source, FRAMES)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ordinary = encode(folder / "ordinary.mp4", frames)
        made = prepare(folder, ordinary)
        forms = {
            "ordinary mp4 (one key frame)": ordinary,
            "mp4, a key frame every 25 frames": encode(folder / "25.mp4", frames, g="25"),
            "mp4, a key frame every 12 frames": encode(folder / "12.mp4", frames, g="12"),
            "fomm prepare --format mp4": made["mp4"],
            "fomm prepare --format png": made["png"],
            "fomm prepare --format jpg": made["jpg"],
        }
        compare(ordinary, forms)
        watch_waiting([made["mp4"]], options.batch_size, options.step_ms / 1000, options.steps)


if __name__ == "__main__":
    main()
