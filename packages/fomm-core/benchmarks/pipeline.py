"""Whole animations against the networks alone: does the pipeline keep up?

    uv run python packages/fomm-core/benchmarks/pipeline.py [--model face] [--precision fp32]

Each round runs, in one process and in turns, the networks alone (keypoints, motion and decoder on
frames in memory) and animations from file to file, driven by a clip of the model's size and by a
1080p one. Told are the frames per second of the fastest round, and the animations' as shares of
the networks'. ``--against FOLDER`` runs the fomm_core of another checkout in the same rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from fomm_core import AnimationOptions, VideoReader, VideoWriter, animate_file, load_model
from fomm_core.image import fit, to_network
from fomm_core.loading import Model
from fomm_core.model.samples import sample_of

HERE = Path(__file__).parents[1] / "src"
ALONE, CLIPS = "networks alone", {"model's size": None, "1080p": (1080, 1920)}


def write_clip(path: Path, driving: Path, size: tuple[int, int], count: int) -> None:
    """Write frames of a clip, repeated where it is too short, in the middle of larger ones."""
    random = np.random.default_rng(0)
    with VideoWriter(path, Fraction(25)) as writer:
        for frame in islice(cycle(VideoReader(driving)), count):
            grain = random.integers(-2, 3, (*size, 1), np.int16)
            writer.write(np.clip(fit(frame, size, "pad") + grain, 0, 255).astype(np.uint8))


def time_networks(model: Model, clip: Path) -> float:
    """Seconds a frame of the three networks that run for each frame."""
    engine = model.engine
    images = [to_network(fit(frame, model.frame_size)) for frame in VideoReader(clip)]
    kp_source, features = engine.detect(images[0]), engine.encode(images[0])
    engine.render(features, kp_source, kp_source)
    began = time.perf_counter()
    for image in images:
        engine.render(features, kp_source, engine.detect(image))
    return (time.perf_counter() - began) / len(images)


def time_animation(model: Model, clip: Path) -> float:
    """Seconds a frame of an animation from file to file."""
    options = AnimationOptions(view="generated", crop="off")
    source = next(iter(VideoReader(clip)))
    result = animate_file(source, clip, clip.with_suffix(".result.mp4"), options, model=model)
    return result.seconds / result.frames


def measure(model: str, precision: str, clips: list[Path]) -> dict[str, float]:
    """Seconds a frame of each case, in this process."""
    with load_model(model, engine="openvino", precision=precision) as loaded:
        seconds = {ALONE: time_networks(loaded, clips[0])}
        for name, clip in zip(CLIPS, clips, strict=True):
            seconds[name] = time_animation(loaded, clip)
    return seconds


def measure_apart(code: Path, words: list[str]) -> dict[str, float]:
    """The same in a process of its own, with the fomm_core of a checkout."""
    program = [sys.executable, __file__, "--child", *words]
    environment = {**os.environ, "PYTHONPATH": str(code)}
    done = subprocess.run(program, check=True, stdout=subprocess.PIPE, env=environment)
    seconds: dict[str, float] = json.loads(done.stdout)
    return seconds


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="face")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout's folder")
    parser.add_argument("--child", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.model, options.precision, options.child)))
        return
    codes = {"here": HERE}
    if options.against:
        codes["there"] = options.against.resolve() / "packages" / "fomm-core" / "src"
    found: dict[str, list[dict[str, float]]] = {name: [] for name in codes}
    with tempfile.TemporaryDirectory() as folder, load_model(options.model) as model:
        clips = [Path(folder, f"{number}.mp4") for number in range(len(CLIPS))]
        for clip, size in zip(clips, CLIPS.values(), strict=True):
            driving = Path(sample_of(options.model)[1])
            write_clip(clip, driving, size or model.frame_size, options.frames)
        words = [*map(str, clips), "--model", options.model, "--precision", options.precision]
        for _ in range(options.rounds):
            for name, code in codes.items():
                found[name].append(measure_apart(code, words))
    for name, rounds in found.items():
        best = {case: min(seconds[case] for seconds in rounds) for case in rounds[0]}
        for case, seconds in best.items():
            print(f"{name}, {case}: {1 / seconds:.2f} fps, {best[ALONE] / seconds:.1%}")


if __name__ == "__main__":
    main()
