"""Does memory grow with the length of the video? Peak of 100 against 3,000 frames.

    uv run python packages/fomm-core/benchmarks/memory.py [--size 256] [--frames 100 3000]

Each length runs in a process of its own, from video file to video file, with an engine that
only shifts the picture: what is measured is reading, the animation loop and writing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

from fomm_core.engine.fake import FakeEngine
from fomm_core.loading import Model
from fomm_core.model.finding import find_model
from fomm_core.pipeline.benchmark import moving_pattern, peak_rss_mb
from fomm_core.pipeline.run import animate_file
from fomm_core.video import VideoWriter


def animate(size: int, frames: int) -> float:
    """Animate so many frames of so many pixels; returns this process's peak in MB."""
    model = Model("fake", find_model("avatar").config, FakeEngine((size, size)))
    with tempfile.TemporaryDirectory() as folder:
        source, driving = next(moving_pattern((size, size), 1)), Path(folder, "driving.mp4")
        with VideoWriter(driving, Fraction(25)) as writer:
            for frame in moving_pattern((size, size), frames):
                writer.write(frame)
        animate_file(source, driving, Path(folder, "result.mp4"), model=_resized(model, size))
    return peak_rss_mb()


def _resized(model: Model, size: int) -> Model:
    """The model with another frame size, which the fake engine does not mind."""
    data = model.config.dataset_params.model_copy(update={"frame_shape": (size, size, 3)})
    config = model.config.model_copy(update={"dataset_params": data})
    return Model(model.name, config, model.engine)


def main() -> None:
    """Compare the lengths."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--frames", type=int, nargs="+", default=[100, 3000])
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(animate(options.size, options.frames[0]))
        return
    for frames in options.frames:
        words = ["--child", "--size", str(options.size), "--frames", str(frames)]
        program = [sys.executable, __file__, *words]
        peak = subprocess.run(program, check=True, capture_output=True, text=True).stdout
        print(f"{frames:6d} frames: peak {float(peak):.0f} MB")


if __name__ == "__main__":
    main()
