"""Frames per second of the networks in PyTorch and compiled by OpenVINO, in one run.

    pip install torch ./packages/fomm-core ./packages/fomm-train
    cd packages/fomm-core
    python benchmarks/pytorch.py vox-256

As the original implementation does, PyTorch detects the driving frame's keypoints and runs the
whole generator, source included, for every frame; ``source once`` keeps the encoded source, as
the compiled engine does. Both have the same random parameters and as many threads as the
machine has cores; the largest difference of their predictions tells that they compute the same.
A configuration is a file or the name of one of fomm-train's. Prints one JSON object.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fomm_core.config import Config, load_config
from fomm_core.config.named import find_config_file, installed_configs
from fomm_core.engine.openvino import OpenVINOEngine
from fomm_core.engine.torch import TorchEngine
from fomm_core.export.exporter import export_bundle, random_parameters
from fomm_core.model.bundle import ModelCard
from fomm_core.motion.keypoints import Keypoints
from fomm_core.utils.machine import usable_cores

ROUNDS = 7


def measure(config: Config) -> dict[str, Any]:
    """Seconds a frame, in turns; medians."""
    parameters = random_parameters(config)
    pytorch = TorchEngine(config, parameters, threads=usable_cores())
    source, driving = np.random.default_rng(0).random((2, 3, *config.frame_size), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        card = ModelCard(name="speed", config=config)
        bundle = export_bundle(Path(folder) / "speed", card, parameters, keep_parameters=False)
        with OpenVINOEngine(bundle.graphs) as openvino:
            known, encoded = pytorch.detect(source), pytorch.encode(source)
            features, kp_source = openvino.encode(source), openvino.detect(source)

            def original() -> Any:
                return pytorch.render(pytorch.encode(source), known, pytorch.detect(driving))

            def once() -> Any:
                return pytorch.render(encoded, known, pytorch.detect(driving))

            def compiled() -> Any:
                return openvino.render(features, kp_source, openvino.detect(driving))

            moved = Keypoints(known.value + 0.05, known.jacobian)
            expected = pytorch.render(encoded, known, moved).prediction
            found = openvino.render(features, known, moved).prediction
            difference = float(np.abs(expected - found).max())
            seconds = time_in_turns(
                {"pytorch": original, "pytorch, source once": once, "openvino": compiled}
            )
    rates = {name: round(1 / value, 2) for name, value in seconds.items()}
    ratio = round(seconds["pytorch"] / seconds["openvino"], 2)
    return {"frames_per_second": rates, "ratio": ratio, "largest_difference": difference}


def time_in_turns(runs: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median seconds of each, one call of each in turn."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(ROUNDS + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> None:
    """Measure the configurations that are named."""
    files = [find_config_file(name, installed_configs()) for name in sys.argv[1:]]
    print(json.dumps({file.stem: measure(load_config(file)) for file in files}, indent=2))


if __name__ == "__main__":
    main()
