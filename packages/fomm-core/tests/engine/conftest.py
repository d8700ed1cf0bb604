"""The engines, each on the embedded model, and its sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from fomm_core.engine.base import Engine
from fomm_core.engine.fake import FAKE
from fomm_core.engine.registry import engine_names, find_engine
from fomm_core.engine.spec import EngineChoice
from fomm_core.image import fit, read_image, to_network
from fomm_core.model.bundle import Bundle, embedded_models, open_bundle
from fomm_core.model.files import ModelFiles
from fomm_core.model.samples import DRAWN_DRIVING, DRAWN_SOURCE

NAMES = (FAKE.name, *engine_names())


@pytest.fixture(scope="session")
def avatar() -> Bundle:
    """The embedded model."""
    return open_bundle(embedded_models()["avatar"])


def start(name: str, bundle: Bundle) -> Engine:
    """Start an engine on a bundle; the fake one only takes its sizes."""
    spec = FAKE if name == FAKE.name else find_engine(name)
    status = spec.status()
    if not status.usable:
        pytest.skip(f"{name}: {status.reason}")
    files = ModelFiles("avatar", bundle.card.config, bundle.parameters, bundle)
    return spec.start(files, EngineChoice())


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
    """The drawn sample as the networks take it: (3, H, W) float32 in [0, 1]."""

    source: np.ndarray
    driving: list[np.ndarray]


@pytest.fixture(scope="session")
def sample(avatar) -> Sample:
    """The source and four frames, far apart, of the driving video."""
    from fomm_core.video import VideoReader

    size = avatar.card.config.frame_size
    frames = list(VideoReader(DRAWN_DRIVING))
    chosen = [frames[i] for i in np.linspace(0, len(frames) - 1, 4).astype(int)]
    source = to_network(fit(read_image(DRAWN_SOURCE), size))
    return Sample(source, [to_network(fit(frame, size)) for frame in chosen])
