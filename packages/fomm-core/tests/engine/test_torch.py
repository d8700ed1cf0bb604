"""PyTorch runs the same networks as NNabla."""

from __future__ import annotations

import numpy as np
import pytest

from fomm_core.config import load_config
from fomm_core.model.parameters import load_parameters
from fomm_core.motion.keypoints import Keypoints

pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.fixture(scope="module")
def engine(mini):
    from fomm_core.engine.torch import TorchEngine

    parameters = load_parameters(mini / "params.h5")
    with TorchEngine(load_config(mini / "config.yaml"), parameters) as engine:
        yield engine


@pytest.fixture(scope="module")
def io(mini) -> dict[str, np.ndarray]:
    with np.load(mini / "io.npz") as stored:
        return dict(stored)


def test_the_golden_keypoints_are_detected(engine, io):
    found = engine.detect(io["source"][0])
    assert np.abs(found.value - io["kp_source_value"][0]).max() < 1e-5
    assert np.abs(found.jacobian - io["kp_source_jacobian"][0]).max() < 1e-5


def test_the_golden_frame_is_rendered(engine, io):
    known = [
        Keypoints(io[f"kp_{role}_value"][0], io[f"kp_{role}_jacobian"][0])
        for role in ("source", "driving")
    ]
    found = engine.render(engine.encode(io["source"][0]), *known, diagnostics=True)
    assert np.abs(found.prediction - io["generator_prediction"][0]).max() < 1e-5
    for name in ("mask", "occlusion_map", "sparse_deformed", "deformed"):
        difference = getattr(found.diagnostics, name) - io[f"generator_{name}"][0]
        assert np.abs(difference).max() < 2e-5
    assert found.diagnostics.deformation.shape == (*found.diagnostics.mask.shape[1:], 2)


def test_parameters_that_are_missing_are_drawn(tiny):
    from fomm_core.engine.torch import TorchEngine

    image = np.random.default_rng(0).random((3, 24, 32), np.float32)
    with TorchEngine(tiny(), {}) as engine:
        keypoints = engine.detect(image)
        np.testing.assert_allclose(keypoints.jacobian, np.eye(2)[None].repeat(3, 0), atol=1e-6)
        prediction = engine.render(engine.encode(image), keypoints, keypoints).prediction
    assert prediction.std() > 1e-4
    assert set(engine.timer.mean_ms()) == {"keypoints", "encoder", "motion", "decoder"}
