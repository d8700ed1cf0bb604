from __future__ import annotations

import shutil

import numpy as np
import pytest

from fomm_core.engine.openvino import OpenVINOEngine, has_bfloat16
from fomm_core.errors import EngineError, ModelError


def test_fast_is_close_to_exact(avatar, sample):
    if not has_bfloat16():
        pytest.skip("this CPU has no bfloat16 instructions")
    with OpenVINOEngine(avatar.graphs) as exact, OpenVINOEngine(avatar.graphs, "fast") as fast:
        assert fast.precision == "fast"
        kp_source = exact.detect(sample.source)
        sources = [engine.encode(sample.source) for engine in (exact, fast)]
        for driving in sample.driving:
            kp_driving = exact.detect(driving)
            np.testing.assert_array_equal(fast.detect(driving).value, kp_driving.value)
            images = [
                engine.render(source, kp_source, kp_driving).prediction
                for engine, source in zip((exact, fast), sources, strict=True)
            ]
            error = float(np.mean((images[0] - images[1]) ** 2))
            assert error > 0
            assert 10 * np.log10(1 / error) >= 40


def test_fast_needs_bfloat16(avatar, monkeypatch):
    monkeypatch.setattr("fomm_core.engine.openvino.has_bfloat16", lambda core: False)
    with pytest.raises(EngineError, match=r"^precision fast: expected a CPU with bfloat16 .*fp32$"):
        OpenVINOEngine(avatar.graphs, "fast")


def test_threads_can_be_limited(avatar, sample):
    with OpenVINOEngine(avatar.graphs, threads=1) as one, OpenVINOEngine(avatar.graphs) as all_:
        value = one.detect(sample.source).value
        np.testing.assert_allclose(value, all_.detect(sample.source).value, atol=1e-4)


@pytest.fixture
def graphs(avatar, tmp_path):
    """Copies of the embedded graphs, to be damaged."""
    return {stage: shutil.copy(path, tmp_path / path.name) for stage, path in avatar.graphs.items()}


@pytest.mark.parametrize("content", [b"", b"garbage", "half"])
def test_a_damaged_graph_is_one_line(graphs, content):
    path = graphs["motion"]
    path.write_bytes(
        path.read_bytes()[: path.stat().st_size // 2] if content == "half" else content
    )
    with pytest.raises(
        ModelError, match=r"^.*motion.onnx: expected an exported ONNX graph, found: [^\n]+$"
    ):
        OpenVINOEngine(graphs)


def test_a_missing_graph(graphs):
    graphs["motion"].unlink()
    with pytest.raises(ModelError, match=r"motion.onnx: expected an exported graph, found none"):
        OpenVINOEngine(graphs)


def test_graphs_of_other_stages(graphs):
    """Intact graphs in each other's place."""
    graphs["motion"], graphs["decoder"] = graphs["decoder"], graphs["motion"]
    with pytest.raises(ModelError, match=r"expected the graph of stage motion, found one without "):
        OpenVINOEngine(graphs)
