"""Distance of frames of precision fast from those of fp32, on the embedded sample.

uv run python packages/fomm-core/benchmarks/precision.py [--model NAME|FOLDER]
"""

from __future__ import annotations

import argparse

import numpy as np

from fomm_core import Animator, VideoReader, load_model, read_image
from fomm_core.model.samples import sample_of


def main() -> None:
    """Print the PSNR in dB: mean over the frames, and the worst."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="face")
    model = parser.parse_args().model
    source, driving = sample_of(model)
    runs = []
    for precision in ("fp32", "fast"):
        with load_model(model, engine="openvino", precision=precision) as loaded:
            animator = Animator(loaded, read_image(source))
            frames = animator.run(VideoReader(driving))
            runs.append(np.stack([frame.prediction for frame in frames]).astype(np.float64))
    error = np.square(runs[0] - runs[1]).mean(axis=(1, 2, 3))
    decibel = 10 * np.log10(255**2 / np.maximum(error, 1e-12))
    print(f"fast against fp32: {decibel.mean():.1f} dB PSNR, worst frame {decibel.min():.1f} dB")


if __name__ == "__main__":
    main()
