"""The engines, each on the embedded model, and its sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from fomm_core.engine.base import Engine
from fomm_core.engine.fake import FakeEngine
from fomm_core.engine.openvino import OpenVINOEngine
from fomm_core.image import fit, read_image, to_network
from fomm_core.model.bundle import Bundle, embedded_models, open_bundle
from fomm_core.model.parameters import load_parameters
from fomm_core.model.samples import SAMPLE_DRIVING, SAMPLE_SOURCE

NAMES = ("fake", "openvino", "nnabla")


@pytest.fixture(scope="session")
def avatar() -> Bundle:
    """The embedded model."""
    return open_bundle(embedded_models()["avatar"])


def start(name: str, bundle: Bundle) -> Engine:
    """Start an engine on a bundle; the fake one only takes its sizes."""
    if name == "fake":
        num_kp = bundle.card.config.model_params.common_params.num_kp
        return FakeEngine(bundle.card.config.frame_size, num_kp)
    if name == "openvino":
        return OpenVINOEngine(bundle.graphs)
    pytest.importorskip("nnabla", reason="NNabla is not installed (Python 3.10 only)")
    from fomm_core.engine.nnabla import NNablaEngine

    return NNablaEngine(bundle.card.config, load_parameters(bundle.parameters), "avatar")


@pytest.fixture(scope="session")
def make_engine(avatar):
    """Starts an engine by name on the embedded model, or another bundle."""
    return lambda name, bundle=avatar: start(name, bundle)


@pytest.fixture(scope="session", params=NAMES)
def engine(request, avatar):
    """Every engine in turn, on the embedded model; tests must leave it open."""
    with start(request.param, avatar) as started:
        yield started


@dataclass(frozen=True)
class Sample:
    """The embedded sample as the networks take it: (3, H, W) float32 in [0, 1]."""

    source: np.ndarray
    driving: list[np.ndarray]


@pytest.fixture(scope="session")
def sample(avatar) -> Sample:
    """The source and four frames, far apart, of the driving video."""
    from fomm_core.video import VideoReader

    size = avatar.card.config.frame_size
    frames = list(VideoReader(SAMPLE_DRIVING))
    chosen = [frames[i] for i in np.linspace(0, len(frames) - 1, 4).astype(int)]
    source = to_network(fit(read_image(SAMPLE_SOURCE), size))
    return Sample(source, [to_network(fit(frame, size)) for frame in chosen])
