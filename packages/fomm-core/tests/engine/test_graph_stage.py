"""What every library's stage promises, on the embedded model's encoder and motion stage."""

from __future__ import annotations

import numpy as np
import pytest

from fomm_core.engine.graph_stage import GraphStage


def open_openvino(stage: str, path) -> GraphStage:
    from fomm_core.engine.openvino_models import start_core
    from fomm_core.engine.openvino_stages import StageCompiler
    from fomm_core.engine.openvino_targets import CPU

    opened, _ = StageCompiler(start_core(1), {stage: path}).compile(stage, CPU)
    return opened


def open_onnxruntime(stage: str, path) -> GraphStage:
    pytest.importorskip("onnxruntime")
    from fomm_core.engine.onnxruntime_graphs import prepare_graph
    from fomm_core.engine.onnxruntime_stage import open_stage

    return open_stage(stage, prepare_graph(path, stage, "cpu", False)[0], "cpu", 1)


@pytest.fixture(scope="module", params=[open_openvino, open_onnxruntime])
def open_(request, avatar):
    return lambda stage: request.param(stage, avatar.graphs[stage])


@pytest.fixture(scope="module")
def encoder(open_) -> GraphStage:
    return open_("encoder")


@pytest.fixture(scope="module")
def images(sample) -> list[np.ndarray]:
    return [image[None] for image in sample.driving[:2]]


def test_it_is_its_graph(encoder):
    assert encoder.name == "encoder"
    assert encoder.shapes == {
        "source": (1, 3, 128, 128),
        "features": (1, 64, 32, 32),
        "small": (1, 3, 32, 32),
    }
    assert encoder.shares() == {"encoder": 1.0}


def test_what_is_read_is_a_copy(encoder, images):
    found = []
    for image in (*images, images[0]):
        encoder.write("source", image)
        encoder.run()
        found.append(encoder.read("small"))
    assert found[0].shape == (3, 32, 32)
    assert found[0].dtype == np.float32
    assert not np.array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_what_is_kept_is_taken_as_it_was(open_, encoder, images):
    motion, kept, expected = open_("motion"), [], []
    for image in images:
        encoder.write("source", image)
        encoder.run()
        kept.append(encoder.keep("small"))
        expected.append(image[0].mean())
    background = []
    for tensor in kept:
        motion.take("small", tensor)
        motion.run()
        background.append(motion.read("sparse_deformed")[0].mean())
    np.testing.assert_allclose(background, expected, atol=0.02)
    assert abs(background[0] - background[1]) > 1e-4


def test_a_stage_reads_where_another_writes(open_, encoder, images):
    motion, found = open_("motion"), []
    encoder.write("source", images[0])
    encoder.run()
    motion.take("small", encoder.output("small"))
    for image in images:
        encoder.write("source", image)
        encoder.run()
        motion.run()
        found.append(motion.read("sparse_deformed")[0])
        np.testing.assert_allclose(found[-1], encoder.read("small"), atol=1e-6)
    assert not np.array_equal(*found)


def test_keypoints_are_written(open_, encoder, images):
    """Keypoints that move by a quarter of the picture move what they carry."""
    motion, value = open_("motion"), np.zeros((1, 10, 2), np.float32)
    encoder.write("source", images[0])
    encoder.run()
    motion.take("small", encoder.output("small"))
    for name in ("source_jacobian", "driving_jacobian"):
        motion.write(name, np.tile(np.eye(2, dtype=np.float32), (1, 10, 1, 1)))
    motion.write("source_value", value)
    moved = []
    for driving in (value, value + np.float32([0.5, 0])):
        motion.write("driving_value", driving)
        motion.run()
        moved.append(motion.read("sparse_deformed")[1])
    np.testing.assert_allclose(moved[0], encoder.read("small"), atol=1e-4)
    assert np.abs(moved[0] - moved[1]).max() > 0.05
