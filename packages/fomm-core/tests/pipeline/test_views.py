from __future__ import annotations

import numpy as np
import pytest

from fomm_core.animator import Animator
from fomm_core.config import VisualizerParams
from fomm_core.engine.fake import FakeEngine
from fomm_core.loading import Model
from fomm_core.pipeline.views import make_view, needs_diagnostics

SIZE = (32, 48)
VIEWS = ("generated", "default", "detailed", "full")


@pytest.fixture
def animator(tiny) -> Animator:
    model = Model("fake", tiny((*SIZE, 3)), FakeEngine(SIZE))
    rng = np.random.default_rng(0)
    return Animator(model, rng.integers(0, 256, (*SIZE, 3), np.uint8))


def shown(animator: Animator, view: str, driving: object, **style: object) -> np.ndarray:
    frame = next(animator.run(driving, diagnostics=needs_diagnostics(view)))
    return make_view(view, animator, VisualizerParams(**style))([frame])


@pytest.fixture
def driving() -> list[np.ndarray]:
    return [np.random.default_rng(1).integers(0, 256, (*SIZE, 3), np.uint8)]


def test_generated_is_the_frame_itself(animator, driving):
    frame = next(animator.run(driving))
    view = make_view("generated", animator, VisualizerParams())
    assert view([frame]) is frame.prediction


def test_each_view_shows_more(animator, driving):
    areas = [np.prod(shown(animator, view, driving).shape) for view in VIEWS]
    assert areas == sorted(areas)
    assert len(set(areas)) == len(VIEWS)


@pytest.mark.parametrize("view", VIEWS[1:])
def test_sheets_of_a_template_have_no_driving_frame(animator, driving, view):
    from fractions import Fraction

    template = animator.record(driving, Fraction(25))
    sheet = shown(animator, view, template)
    assert sheet.dtype == np.uint8
    assert sheet.shape == shown(animator, view, driving).shape


def test_the_configured_style_counts(animator, driving):
    plain = shown(animator, "detailed", driving)
    for style in ({"kp_size": 60}, {"colormap": "viridis"}, {"draw_border": False}):
        other = shown(animator, "detailed", driving, **style)
        assert other.shape != plain.shape or (other != plain).any(), style


@pytest.mark.parametrize(
    ("view", "needed"), list(zip(VIEWS, (False, False, True, True), strict=True))
)
def test_inner_maps_only_where_they_are_shown(view, needed):
    assert needs_diagnostics(view) == needed
