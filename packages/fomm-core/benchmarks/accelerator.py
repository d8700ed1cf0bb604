"""Milliseconds a frame on an accelerator, how exact ``fast`` is there, and PyTorch beside it.

    pip install './packages/fomm-core[gpu]' torch
    cd packages/fomm-core
    python benchmarks/accelerator.py ../fomm-train/src/fomm_train/configs/vox-256.yaml face

A model is a configuration, which gets random parameters, or a name or folder as of ``fomm animate
--model``. A frame is the detection of its keypoints and its rendering, the source encoded before.
Where PyTorch is installed, it runs configurations too, in float32: as the original implementation
does, it encodes the source for every frame; ``pytorch, source once`` does not. Images and
keypoints come from main memory and go back there, as they do with engines. What is timed
takes turns. ``near`` is the share of values of the frames within 1 of 255 of float32's on the CPU:
0.999 is asked of ``fast``, and of vox-256 fewer than 4 ms. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from fomm_core.config import Config, load_config
from fomm_core.engine.base import Engine
from fomm_core.engine.onnxruntime import ONNXRUNTIME
from fomm_core.engine.spec import EngineChoice, Precision
from fomm_core.export.exporter import export_bundle, random_parameters
from fomm_core.image import to_uint8
from fomm_core.model.bundle import ModelCard
from fomm_core.model.files import ModelFiles
from fomm_core.model.finding import find_model
from fomm_core.model.parameters import Parameters
from fomm_core.motion.keypoints import Keypoints
from fomm_core.pipeline.benchmark import moving_pattern

FRAMES = 10
"""Frames that are compared, and rounds that are timed."""


@dataclass(frozen=True)
class Subject:
    """A model to measure; with parameters, PyTorch runs it too."""

    files: ModelFiles
    parameters: Parameters | None


@contextmanager
def opened(model: str) -> Iterator[Subject]:
    """The model of a name, a folder or a configuration."""
    if not model.endswith(".yaml"):
        yield Subject(find_model(model), None)
        return
    config = load_config(model)
    parameters = random_parameters(config)
    with tempfile.TemporaryDirectory() as folder:
        name = Path(model).stem
        card = ModelCard(name=name, config=config)
        bundle = export_bundle(Path(folder, name), card, parameters, keep_parameters=False)
        yield Subject(ModelFiles(name, config, bundle=bundle), parameters)


def measure(subject: Subject, device: str) -> dict[str, Any]:
    """Milliseconds of each, and the distance of each precision to float32 on the CPU."""
    images = _images(subject.files.config)
    expected = _frames(_start(subject.files, "fp32", "cpu"), images)
    engines = {name: _start(subject.files, name, device) for name in _precisions(device)}
    runs = {f"{device}, {name}": _frame_of(engine, images) for name, engine in engines.items()}
    runs |= _torch_runs(subject, images, device)
    seconds = _time(runs)
    return {
        "ms_per_frame": {name: round(1000 * value, 2) for name, value in seconds.items()},
        "distance": {name: _distance(_frames(e, images), expected) for name, e in engines.items()},
        "left_on_cpu": {name: engine.left_on_cpu for name, engine in engines.items()},
        "stage_ms": {name: engine.timer.mean_ms() for name, engine in engines.items()},
    }


def _precisions(device: str) -> tuple[Precision, ...]:
    return ONNXRUNTIME.precisions_here(device)


def _start(files: ModelFiles, precision: Precision, device: str) -> Engine:
    return ONNXRUNTIME.start(files, EngineChoice("onnxruntime", precision, device=device))


def _images(config: Config) -> list[np.ndarray[Any, Any]]:
    """A source and frames that follow it, (3, H, W) float32 in [0, 1]."""
    frames = moving_pattern(config.frame_size, 1 + FRAMES)
    return [frame.transpose(2, 0, 1).astype(np.float32) / 255 for frame in frames]


def _frame_of(engine: Engine, images: list[np.ndarray[Any, Any]]) -> Callable[[], Any]:
    kp_source, features = engine.detect(images[0]), engine.encode(images[0])
    return lambda: engine.render(features, kp_source, engine.detect(images[1])).prediction


def _frames(engine: Engine, images: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """The frames (N, H, W, 3) uint8 that move as the images do."""
    kp_source, features = engine.detect(images[0]), engine.encode(images[0])
    keypoints: list[Keypoints] = [engine.detect(image) for image in images[1:]]
    return np.stack(
        [to_uint8(engine.render(features, kp_source, moved).prediction) for moved in keypoints]
    )


def _distance(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> dict[str, float]:
    difference = np.abs(found.astype(int) - expected)
    return {"near": float((difference <= 1).mean()), "largest": int(difference.max())}


def _torch_runs(
    subject: Subject, images: list[np.ndarray[Any, Any]], device: str
) -> dict[str, Callable[[], Any]]:
    """The original's way in PyTorch, and with the source encoded once."""
    if subject.parameters is None or find_spec("torch") is None:
        return {}
    from fomm_core.engine.torch import TorchEngine

    where = device if device.startswith("cuda") else "cpu"
    engine = TorchEngine(subject.files.config, subject.parameters, where)
    source, driving = images[:2]
    known, once = engine.detect(source), _frame_of(engine, images)

    def original() -> Any:
        return engine.render(engine.encode(source), known, engine.detect(driving))

    return {"pytorch": original, "pytorch, source once": once}


def _time(runs: Mapping[str, Callable[[], Any]]) -> dict[str, float]:
    """Median seconds of each, after calls that warm up, one call of each in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(2 * FRAMES):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            if number >= FRAMES:
                seconds[name].append(time.perf_counter() - began)
    return {name: float(np.median(found)) for name, found in seconds.items()}


def main() -> None:
    """Measure the models that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", help="configurations, names or folders")
    parser.add_argument("--device", default="", help="default: the one that passes its trial")
    options = parser.parse_args()
    wanted = options.device or ONNXRUNTIME.accelerator() or "cpu"
    device = ONNXRUNTIME.find_device(wanted)
    if not device:
        parser.error(f"--device: expected {', '.join(ONNXRUNTIME.devices())}, found {wanted}")
    results = {}
    for model in options.models:
        with opened(model) as subject:
            results[Path(model).stem] = measure(subject, device)
    print(json.dumps({"device": device, "models": results}, indent=2))


if __name__ == "__main__":
    main()
