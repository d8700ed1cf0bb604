"""Made-up people before made-up cameras: white spots that the fake engine follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fomm_core.engine.fake import FakeEngine
from fomm_core.live.source import LiveSource, prepare_live_source
from fomm_core.loading import Model
from fomm_core.model.finding import find_model
from fomm_core.model.framing import Framing
from fomm_core.pipeline.options import AnimationOptions
from white_spots import WhiteSpots, spots_at


@pytest.fixture
def spots(monkeypatch) -> WhiteSpots:
    detector = WhiteSpots()
    monkeypatch.setattr("fomm_core.pipeline.source.open_detector", lambda: detector)
    return detector


@pytest.fixture(scope="session")
def plain_model() -> Model:
    """The fake engine, 64x64, for a model that crops nothing."""
    config = find_model("avatar").config
    data = config.dataset_params.model_copy(update={"frame_shape": (64, 64, 3)})
    config = config.model_copy(update={"dataset_params": data})
    return Model("fake", config, FakeEngine((64, 64), num_kp=10))


@pytest.fixture(scope="session")
def model(plain_model) -> Model:
    """The same for a model that crops to squares twice as high as faces."""
    return replace(plain_model, framing=Framing(side=2.0))


@pytest.fixture
def source_of(spots, model) -> Callable[..., LiveSource]:
    """Prepares the source with a face that begins at a number of pixels from the left."""

    def make(left: int = 140, **options) -> LiveSource:
        options = AnimationOptions(**{"paste_back": False, "detail": False, **options})
        return prepare_live_source(model, spots_at(left), options)

    return make
