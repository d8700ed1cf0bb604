"""Measuring one engine on this machine: stages, frames per second, first frame, memory."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from fomm_core.animator import Animator, Frame
from fomm_core.loading import Model
from fomm_core.pipeline.bench_report import Measurement
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.run import animate_file
from fomm_core.video import VideoReader, VideoWriter

RATE = Fraction(25)
_FEWEST, _MOST = 3, 1000


def measure(model: Model, seconds: float) -> Measurement:
    """Measure a freshly loaded model; to be the first thing that a process does.

    Args:
        model: the model on the engine to measure.
        seconds: about how long the end-to-end run is to take; at least 3 frames are made.
    """
    with tempfile.TemporaryDirectory(prefix="fomm-bench-") as folder:
        driving = Path(folder, "driving.mp4")
        _write_video(driving, model, 2)
        frames = iter(Animator(model, _read(driving)).run(VideoReader(driving)))
        next(frames)
        first_frame_s = _process_age_s()
        began = time.perf_counter()
        next(frames)
        count = round(seconds / (time.perf_counter() - began))
        count = min(max(count, _FEWEST), _MOST)
        _write_video(driving, model, count)
        model.engine.timer.reset()
        source = next(moving_pattern(model.frame_size, 1))
        clean, output = AnimationOptions(view="generated", crop="off"), Path(folder, "result.mp4")
        result = animate_file(source, driving, output, clean, model=model)
    return Measurement(
        engine=model.engine.name,
        precision=model.engine.precision,
        device=model.engine.device,
        model=model.name,
        size=model.frame_size,
        stage_ms={k: round(v, 3) for k, v in model.engine.timer.mean_ms().items()},
        fps=round(result.frames / result.seconds, 3),
        first_frame_s=round(first_frame_s, 3),
        peak_rss_mb=round(peak_rss_mb(), 1),
    )


def moving_pattern(size: tuple[int, int], count: int) -> Iterator[Frame]:
    """Frames (H, W, 3) uint8 of a soft pattern that moves, easy neither to see nor to code."""
    y, x = np.meshgrid(*(np.linspace(0, 2 * np.pi, side) for side in size), indexing="ij")
    directions = ((2, 1, 1), (1, 3, 2), (4, 2, -1))
    for index in range(count):
        phase = 2 * np.pi * index / 50
        waves = [np.sin(a * x + b * y + c * phase) for a, b, c in directions]
        yield (127.5 + 127.5 * np.stack(waves, axis=-1)).astype(np.uint8)


def peak_rss_mb() -> float:
    """The largest resident memory of this process so far, in MB (10^6 bytes)."""
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 1e6
    if sys.platform == "linux":  # getrusage's figure is inherited from the parent process
        status = Path("/proc/self/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _write_video(path: Path, model: Model, count: int) -> None:
    with VideoWriter(path, RATE) as writer:
        for frame in moving_pattern(model.frame_size, count):
            writer.write(frame)


def _read(driving: Path) -> Frame:
    """The driving video's first frame, as the source."""
    return next(iter(VideoReader(driving)))


def _process_age_s() -> float:
    """Seconds since this process was started."""
    import psutil

    return time.time() - float(psutil.Process().create_time())
