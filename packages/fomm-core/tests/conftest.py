"""What tests of several folders need: golden numbers, NNabla, tiny configurations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from fomm_core.config import Config, parse_config

GOLDEN = Path(__file__).resolve().parent / "golden"


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder with the golden numbers."""
    return GOLDEN


@pytest.fixture(scope="session")
def mini() -> Path:
    """The folder with the golden numbers of the 64x64 model."""
    return GOLDEN / "mini"


@pytest.fixture(scope="session")
def golden_frames(mini) -> dict[str, np.ndarray]:
    """Frames and keypoints that the reference animates."""
    with np.load(mini / "animate" / "expected.npz") as stored:
        return dict(stored)


@pytest.fixture(scope="session")
def nnabla() -> Any:
    """NNabla, where it is installed."""
    return pytest.importorskip("nnabla", reason="NNabla is not installed (Python 3.10 only)")


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy of nested mappings with changes."""
    merged = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merge(base[key], value) if both else value
    return merged


SMALL = {"block_expansion": 4, "max_features": 8, "num_blocks": 1, "scale_factor": 0.5}


@pytest.fixture(scope="session")
def tiny_data() -> Callable[..., dict[str, Any]]:
    """Makes the plain data of a valid configuration; nested mappings change it."""

    def make(**changes: Any) -> dict[str, Any]:
        base = {
            "dataset_params": {"frame_shape": [24, 32, 3]},
            "model_params": {
                "common_params": {"num_kp": 3},
                "kp_detector_params": dict(SMALL),
                "generator_params": {
                    "block_expansion": 4,
                    "max_features": 8,
                    "num_down_blocks": 1,
                    "num_bottleneck_blocks": 1,
                    "estimate_occlusion_map": True,
                    "dense_motion_params": dict(SMALL),
                },
            },
        }
        return _merge(base, changes)

    return make


@pytest.fixture
def pair(tmp_path, tiny_data):
    """Writes a configuration beside a parameter file that nobody opens here."""

    def write(**keys: object) -> Path:
        (tmp_path / "runs").mkdir(exist_ok=True)
        path = tmp_path / "runs" / "tiny.yaml"
        path.write_text(yaml.safe_dump({**tiny_data(), **keys}))
        (tmp_path / "runs" / "params.h5").write_bytes(b"parameters")
        return path

    return write


@pytest.fixture(scope="session")
def tiny(tiny_data) -> Callable[..., Config]:
    """Makes a small, valid configuration; keywords change sections of ``model_params``."""

    def make(frame_shape: tuple[int, int, int] = (24, 32, 3), **sections: Any) -> Config:
        data = tiny_data(dataset_params={"frame_shape": list(frame_shape)}, model_params=sections)
        return parse_config(data)

    return make


@pytest.fixture(scope="session")
def random_parameters(nnabla) -> Callable[..., dict[str, np.ndarray]]:
    """Makes parameters for a configuration with which no part of the networks is idle."""
    from fomm_core.network.graph import Networks
    from fomm_core.network.nnabla_operations import NNablaOperations
    from fomm_core.network.stages import build_stages

    def make(config: Config, seed: int = 0) -> dict[str, np.ndarray]:
        networks = Networks(config, NNablaOperations())
        build_stages(networks)
        rng = np.random.default_rng(seed)
        values = networks.values()
        for name, value in values.items():
            if name.endswith(("bn/var", "bn/gamma")):
                value[:] = rng.uniform(0.5, 1.5, value.shape)
            elif "/bn/" in name:
                value[:] = rng.normal(0, 0.1, value.shape)
            elif "jacobian_estimator" in name:
                value += rng.normal(0, 0.02, value.shape)
            else:
                value[:] = rng.normal(
                    0, value[0].size ** -0.5 if value.ndim > 1 else 0.1, value.shape
                )
        return values

    return make


@pytest.fixture(scope="session")
def run_onnx() -> Callable[..., dict[str, np.ndarray]]:
    """Compiles an :class:`OnnxGraph` for the CPU in float32 and runs it."""
    openvino = pytest.importorskip("openvino")
    core = openvino.Core()

    def run(graph, half: bool = False, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        model = core.read_model(graph.to_model({}, half).SerializeToString())
        compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        found = compiled(inputs)
        return {name: np.array(found[name]) for name in graph.outputs}

    return run
