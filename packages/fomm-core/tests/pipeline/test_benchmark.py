from __future__ import annotations

import numpy as np
import pytest

from fomm_core.engine.fake import FakeEngine
from fomm_core.loading import Model
from fomm_core.pipeline.benchmark import measure, moving_pattern, peak_rss_mb


def test_what_is_measured(tiny):
    model = Model("fake", tiny((32, 48, 3)), FakeEngine((32, 48)))
    found = measure(model, seconds=0)
    assert (found.engine, found.precision, found.model) == ("fake", "fp32", "fake")
    assert found.size == (32, 48)
    assert found.fps > 0
    assert found.first_frame_s > 0
    assert found.peak_rss_mb > 10
    assert not model.engine.closed


def test_the_stages_of_an_engine(tiny):
    class TimedEngine(FakeEngine):
        """Measures itself as the real ones do."""

        def detect(self, image):
            with self.timer.measure("keypoints"):
                return super().detect(image)

    model = Model("fake", tiny((32, 48, 3)), TimedEngine((32, 48)))
    assert set(measure(model, seconds=0).stage_ms) == {"keypoints"}


@pytest.mark.parametrize("size", [(32, 48), (64, 64)])
def test_the_pattern_is_of_the_models_size_and_moves(size):
    frames = list(moving_pattern(size, 3))
    assert [frame.shape for frame in frames] == [(*size, 3)] * 3
    assert all(frame.dtype == np.uint8 for frame in frames)
    change = np.abs(frames[0].astype(int) - frames[1])
    assert 1 < change.mean() < 64
    assert frames[0].std() > 30


def test_the_peak_stays_when_memory_is_freed():
    slack = 2  # the kernel counts in batches
    before = peak_rss_mb()
    block = np.ones(40_000_000, np.uint8)
    during = peak_rss_mb()
    del block
    assert 10 < before < during + slack < 1e6
    assert peak_rss_mb() > during - slack
