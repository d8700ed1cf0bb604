"""Speed of the engine openvino relative to that of another checkout, frame by frame in turns.

    git worktree add ../base 6425360
    uv run python packages/fomm-core/benchmarks/stages.py ../base --model face
    uv run python packages/fomm-core/benchmarks/stages.py ../base --config vox-256.yaml

Each checkout runs in a process of its own, with its own export; they take turns, so that both see
the same other load. Ratios are of processor time with one thread, which waiting for a busy
machine does not change; below 1 this checkout is the faster.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

STAGES = ("keypoints", "encoder", "motion + decoder")
HERE = Path(__file__).resolve().parents[3]


def main() -> None:
    """Print the ratio of each stage and of a frame: median and range of the quarters."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("other", type=Path, help="checkout to compare with")
    parser.add_argument("--model", default="face", help="an embedded model")
    parser.add_argument("--config", help="instead: networks with random parameters")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options)
        return
    with worker(HERE) as this, worker(options.other) as other:
        turns = np.array([[ask(each) for each in (this, other)] for _ in range(options.frames)])
    for name, stage in zip((*STAGES, "frame"), with_frame(turns), strict=True):
        ratios = stage[:, 0] / stage[:, 1]
        low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
        here, there = 1000 * np.median(stage, axis=0)
        print(f"{name:17} {middle:.3f} ({low:.3f} to {high:.3f}), {here:.1f} and {there:.1f} ms")


def with_frame(turns: np.ndarray) -> Iterator[np.ndarray]:
    """Seconds (turn, checkout) of each stage, and of what every frame takes."""
    yield from np.moveaxis(turns, 2, 0)
    yield turns[:, :, 0] + turns[:, :, 2]


@contextmanager
def worker(checkout: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that measures a frame of a checkout whenever it is asked."""
    package = checkout.resolve() / "packages" / "fomm-core" / "src"
    environment = {**os.environ, "PYTHONPATH": str(package), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, *sys.argv[1:], "--worker"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
    try:
        yield process
    finally:
        process.kill()


def ask(process: subprocess.Popen[str]) -> list[float]:
    """Processor seconds of each of :data:`STAGES` for one frame."""
    if process.stdin is None or process.stdout is None:
        raise SystemExit("expected pipes to the worker, found none")
    with suppress(BrokenPipeError):
        print("frame", file=process.stdin, flush=True)
    for line in process.stdout:
        if line.startswith("seconds "):
            return [float(word) for word in line.split()[1:]]
    raise SystemExit("expected seconds from the worker, found its end; its error is above")


def work(options: argparse.Namespace) -> None:
    """Measure a frame for each line of the input; print the seconds of each stage."""
    with tempfile.TemporaryDirectory() as folder, closing(start(options, Path(folder))) as engine:
        image = np.random.default_rng(0).uniform(0, 1, (3, *engine.frame_size)).astype(np.float32)
        keypoints, features = engine.detect(image), engine.encode(image)
        calls = (
            lambda: engine.detect(image),
            lambda: engine.encode(image),
            lambda: engine.render(features, keypoints, keypoints),
        )
        for call in calls:
            call()
        for _ in sys.stdin:
            print("seconds", *(processor_time(call) for call in calls), flush=True)


def start(options: argparse.Namespace, folder: Path) -> Any:
    """The engine of the checkout that this process imports, on its own export of the model."""
    from fomm_core.config import load_config
    from fomm_core.engine.openvino import OpenVINOEngine
    from fomm_core.export.exporter import export_graphs, random_parameters
    from fomm_core.model.bundle import embedded_models, open_bundle

    if options.config is None:
        graphs = open_bundle(embedded_models()[options.model]).graphs
        return OpenVINOEngine(graphs, options.precision, threads=1)
    config = load_config(Path(options.config))
    parameters = random_parameters(config)
    graphs = {stage: folder / f"{stage}.onnx" for stage in ("keypoints", "encoder", "motion")}
    graphs["decoder"] = folder / "decoder.onnx"
    for stage, graph in export_graphs(config, parameters, "speed").items():
        graph.save(graphs[stage], {})
    return OpenVINOEngine(graphs, options.precision, threads=1)


def processor_time(call: Any) -> float:
    """Seconds that the processor spends on a call, in all threads of this process."""
    began = time.process_time()
    call()
    return time.process_time() - began


if __name__ == "__main__":
    main()
