"""Distance of precision fast or int8 from fp32, by default on the embedded sample.

uv run python packages/fomm-core/benchmarks/precision.py [--model NAME|FOLDER] [--precision int8]
    [--source FILE --driving FILE]

Told are the PSNR of the frames, the distance of the keypoints, and the frames' jitter.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fomm_core import Animator, VideoReader, load_model, read_image
from fomm_core.model.samples import sample_of

Array = npt.NDArray[np.float64]


def main() -> None:
    """Print PSNR, the keypoints' distance in pixels, and the ratio of the frames' jitter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="face")
    parser.add_argument("--precision", default="fast", choices=("fast", "int8"))
    parser.add_argument("--source")
    parser.add_argument("--driving")
    options = parser.parse_args()
    sample = sample_of(options.model)
    pair = options.source or sample[0], options.driving or sample[1]
    exact, exact_keypoints = animate(options.model, "fp32", *pair)
    fast, fast_keypoints = animate(options.model, options.precision, *pair)
    error = np.square(exact - fast).mean(axis=(1, 2, 3))
    decibel = 10 * np.log10(255**2 / np.maximum(error, 1e-12))
    apart = np.abs(exact_keypoints - fast_keypoints) * exact.shape[2] / 2
    told = f"{decibel.mean():.1f} dB PSNR, worst frame {decibel.min():.1f} dB"
    print(f"{options.precision} against fp32: {told}")
    print(f"keypoints: {apart.mean():.3f} px, 99th percentile {np.quantile(apart, 0.99):.3f} px")
    print(f"jitter: {jitter(fast) / jitter(exact):.3f} times that of fp32")


def animate(
    model: str | Path, precision: str, source: str | Path, driving: str | Path
) -> tuple[Array, Array]:
    """Frames (N, H, W, 3) of an animation, and driving keypoints (N, K, 2)."""
    with load_model(model, engine="openvino", precision=precision) as loaded:
        frames = list(Animator(loaded, read_image(source)).run(VideoReader(driving)))
    predictions = np.stack([frame.prediction for frame in frames]).astype(np.float64)
    return predictions, np.stack([f.keypoints_driving.value for f in frames]).astype(np.float64)


def jitter(frames: Array) -> float:
    """Mean second difference of pixels over time."""
    return float(np.abs(np.diff(frames, n=2, axis=0)).mean())


if __name__ == "__main__":
    main()
