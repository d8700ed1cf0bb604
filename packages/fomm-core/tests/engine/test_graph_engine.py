"""The engine on exported graphs, with stages that only write down what is done with them."""

from __future__ import annotations

import numpy as np
import pytest

from fomm_core.engine.graph_engine import FrameStages, GraphEngine, GraphStages, handed_over
from fomm_core.engine.graph_stage import GraphStage
from fomm_core.errors import DeviceError
from fomm_core.motion.keypoints import Keypoints

IMAGE = np.zeros((3, 8, 12), np.float32)
KEYPOINTS = Keypoints(np.zeros((2, 2)), np.zeros((2, 2, 2)))


class WrittenStage(GraphStage):
    """Writes down its calls; every output is filled with the number of runs so far."""

    def __init__(self, name: str, calls: list[str], **shapes: tuple[int, ...]) -> None:
        self.name, self.shapes, self._calls, self._runs = name, shapes, calls, 0

    def write(self, name, array):
        assert array.shape == self.shapes[name]
        self._calls.append(f"{self.name} writes {name}")

    def take(self, name, tensor):
        self._calls.append(f"{self.name} takes {name} {tensor}")

    def run(self):
        self._runs += 1
        self._calls.append(f"{self.name} runs")

    def output(self, name):
        return f"{name} of {self.name}"

    def keep(self, name):
        return f"{name} {self._runs}"

    def read(self, name):
        return np.full(self.shapes[name][1:], self._runs, np.float32)


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
def make_engine(calls):
    """Makes an engine without jacobians and occlusion, whose last stages are one or two."""

    def make(joined: bool) -> GraphEngine:
        maps = dict.fromkeys(("mask", "sparse_deformed", "deformation"), (1, 1))
        moving = {"small": (1, 1), "source_value": (1, 2, 2), "driving_value": (1, 2, 2), **maps}
        decoding = {"source": (1, 3, 8, 12), "prediction": (1, 1), "deformed": (1, 1)}
        both = WrittenStage("both", calls, **moving, **decoding)
        motion, decoder = (
            (both, both)
            if joined
            else (
                WrittenStage("motion", calls, **moving),
                WrittenStage("decoder", calls, **decoding),
            )
        )
        keypoints = WrittenStage("keypoints", calls, image=(1, 3, 8, 12), value=(1, 2, 2))
        encoder = WrittenStage("encoder", calls, source=(1, 3, 8, 12))
        frame = FrameStages(motion, decoder)
        stages = GraphStages(keypoints, encoder, lambda diagnostics: frame, ("encoder",))
        return GraphEngine(stages, "fp32", "cpu")

    return make


def test_it_is_what_its_stages_are(make_engine):
    engine = make_engine(False)
    assert (engine.frame_size, engine.left_on_cpu) == ((8, 12), ("encoder",))
    assert engine.detect(IMAGE).jacobian is None


@pytest.mark.parametrize("joined", [False, True])
def test_a_source_is_bound_once_and_each_stage_runs_once_a_frame(make_engine, calls, joined):
    engine = make_engine(joined)
    motion, decoder = ("both", "both") if joined else ("motion", "decoder")
    source = engine.encode(IMAGE)
    del calls[:]
    bound = [
        f"{motion} takes small small 1",
        f"{decoder} takes features features 1",
        f"{decoder} writes source",
    ]
    frame = [f"{motion} writes source_value", f"{motion} writes driving_value", f"{motion} runs"]
    frame += [] if joined else ["decoder runs"]
    engine.render(source, KEYPOINTS, KEYPOINTS)
    engine.render(source, KEYPOINTS, KEYPOINTS)
    assert calls == bound + frame + frame


def test_another_source_is_bound_and_the_first_again(make_engine, calls):
    engine = make_engine(False)
    sources = [engine.encode(IMAGE), engine.encode(IMAGE)]
    for index in (0, 1, 0):
        engine.render(sources[index], KEYPOINTS, KEYPOINTS)
    taken = [call for call in calls if call.startswith("motion takes")]
    assert taken == [f"motion takes small small {run}" for run in (1, 2, 1)]


def test_a_source_that_was_bound_in_part_is_bound_anew(make_engine, calls, monkeypatch):
    """A device may have no room for the second of two inputs."""
    engine = make_engine(False)
    first, second = engine.encode(IMAGE), engine.encode(IMAGE)
    engine.render(first, KEYPOINTS, KEYPOINTS)

    def fail(name, tensor):
        raise RuntimeError("CUDA failure 2: out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(engine._stages.frame(False).decoder, "take", fail)
        with pytest.raises(DeviceError):
            engine.render(second, KEYPOINTS, KEYPOINTS)
    del calls[:]
    engine.render(first, KEYPOINTS, KEYPOINTS)
    assert "motion takes small small 1" in calls


def test_inner_maps_are_read_where_they_are_asked_for(make_engine):
    engine = make_engine(False)
    source = engine.encode(IMAGE)
    assert engine.render(source, KEYPOINTS, KEYPOINTS).diagnostics is None
    found = engine.render(source, KEYPOINTS, KEYPOINTS, diagnostics=True).diagnostics
    assert (found.mask, found.deformed, found.deformation) == (2, 2, 2)
    assert found.occlusion_map is None


def test_the_decoder_takes_what_the_motion_stage_has():
    motion = WrittenStage("motion", [], deformation=(1, 1), mask=(1, 1), motion_features=(1, 1))
    assert handed_over(motion) == {
        "deformation": "deformation of motion",
        "motion_features": "motion_features of motion",
    }


def test_closing_twice_keeps_the_times(make_engine):
    engine = make_engine(True)
    engine.detect(IMAGE)
    measured = engine.timer.mean_ms()
    engine.close()
    engine.close()
    assert engine.timer.mean_ms() == measured
