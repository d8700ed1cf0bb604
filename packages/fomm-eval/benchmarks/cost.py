"""Cost of metrics beside the reconstruction, and of memory by a video's length.

    uv run python packages/fomm-eval/benchmarks/cost.py [--frames 300 3000]

The drawn sample is repeated to videos of these lengths. Each runs in a process of its own:
reconstruction to frames side by side, then L1, PSNR and SSIM of all frames. Times are of the
same run, so that their ratio does not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fomm_core.loading import load_model
from fomm_core.model.samples import DRAWN_DRIVING
from fomm_core.pipeline.benchmark import peak_rss_mb
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.video import VideoReader, VideoWriter
from fomm_eval.comparison.compare import evaluate
from fomm_eval.data.clips import pair_clips
from fomm_eval.reconstruction.reconstruct import ReconstructionSettings, reconstruct_video


def measure(frames: int) -> str:
    """Reconstruct and evaluate so many frames; one line about it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reader = VideoReader(DRAWN_DRIVING)
        repeated = itertools.chain.from_iterable(itertools.repeat(reader))
        with VideoWriter(folder / "long.mp4", reader.frame_rate) as writer:
            for frame in itertools.islice(repeated, frames):
                writer.write(frame)
        options = AnimationOptions(view="generated")
        settings = ReconstructionSettings(folder / "made", strips=True, options=options)
        with load_model("avatar") as model:
            began = time.perf_counter()
            reconstruct_video(model, folder / "long.mp4", settings)
            made = time.perf_counter()
        evaluate(pair_clips(folder / "long.mp4", folder / "made" / "long.mp4"))
        compared = time.perf_counter()
    whole, metrics = (1000 * s / frames for s in (made - began, compared - made))
    return (
        f"{frames:6d} frames: reconstruction {whole:.2f} ms, metrics {metrics:.2f} ms a frame "
        f"({metrics / whole:.2f}), peak {peak_rss_mb():.0f} MB"
    )


def main() -> None:
    """Measure each length."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, nargs="+", default=[300, 3000])
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        sys.stdout.write(measure(options.frames[0]) + "\n")
        return
    for frames in options.frames:
        program = [sys.executable, __file__, "--child", "--frames", str(frames)]
        done = subprocess.run(program, check=True, capture_output=True, text=True)
        sys.stdout.write(done.stdout)


if __name__ == "__main__":
    main()
