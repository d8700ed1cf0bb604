"""What every engine promises, and that the real ones agree."""

from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import EngineError
from fomm_core.motion.keypoints import Keypoints


def arrays_of(keypoints: Keypoints) -> list[np.ndarray]:
    return [a for a in (keypoints.value, keypoints.jacobian) if a is not None]


def outputs(engine, sample, index: int) -> dict[str, np.ndarray]:
    """Everything that one driving frame makes of the source."""
    kp_source, kp_driving = engine.detect(sample.source), engine.detect(sample.driving[index])
    features = engine.encode(sample.source)
    rendering = engine.render(features, kp_source, kp_driving, diagnostics=True)
    return {
        "value": kp_driving.value,
        "jacobian": kp_driving.jacobian,
        "prediction": rendering.prediction,
        **vars(rendering.diagnostics),
    }


class TestPromises:
    def test_keypoints(self, engine, sample):
        found = engine.detect(sample.source)
        assert found.value.shape == (10, 2)
        assert found.jacobian.shape == (10, 2, 2)
        assert found.is_finite
        assert np.abs(found.value).max() <= 1

    def test_shapes_and_ranges(self, engine, sample):
        found = outputs(engine, sample, 2)
        shapes = {name: array.shape for name, array in found.items()}
        assert shapes == {
            "value": (10, 2),
            "jacobian": (10, 2, 2),
            "prediction": (3, 128, 128),
            "deformed": (3, 128, 128),
            "occlusion_map": (1, 32, 32),
            "mask": (11, 32, 32),
            "deformation": (32, 32, 2),
            "sparse_deformed": (11, 3, 32, 32),
        }
        for name in ("prediction", "deformed", "occlusion_map", "mask", "sparse_deformed"):
            assert found[name].dtype == np.float32
            assert found[name].min() >= -1e-6, name
            assert found[name].max() <= 1 + 1e-6, name
        np.testing.assert_allclose(found["mask"].sum(axis=0), 1, atol=1e-5)

    def test_the_background_of_sparse_deformed_is_the_small_source(self, engine, sample):
        near, far = (outputs(engine, sample, i)["sparse_deformed"][0] for i in (1, 3))
        np.testing.assert_allclose(near, far, atol=1e-6)

    def test_diagnostics_only_on_demand(self, engine, sample):
        keypoints, features = engine.detect(sample.source), engine.encode(sample.source)
        plain = engine.render(features, keypoints, keypoints)
        assert plain.diagnostics is None
        full = engine.render(features, keypoints, keypoints, diagnostics=True)
        np.testing.assert_array_equal(plain.prediction, full.prediction)

    def test_equal_arguments_give_equal_results(self, engine, sample):
        first, other, again = (outputs(engine, sample, i) for i in (1, 2, 1))
        assert not np.array_equal(first["value"], other["value"])
        for name, array in first.items():
            np.testing.assert_array_equal(array, again[name], err_msg=name)

    def test_sources_in_turn_give_what_each_gives_alone(self, engine, sample):
        images = [sample.source, sample.driving[3], sample.source[:, :, ::-1].copy()]
        keypoints = [engine.detect(image) for image in images]
        goal = engine.detect(sample.driving[1])
        alone = [
            engine.render(engine.encode(image), kp, goal).prediction
            for image, kp in zip(images, keypoints, strict=True)
        ]
        features = [engine.encode(image) for image in images]
        for turn, index in enumerate((0, 1, 2, 1, 0, 2, 2, 0)):
            diagnostics = turn % 3 == 1
            found = engine.render(features[index], keypoints[index], goal, diagnostics)
            np.testing.assert_array_equal(found.prediction, alone[index])

    def test_results_own_their_memory(self, engine, sample):
        earlier = outputs(engine, sample, 0)
        kept = {name: array.copy() for name, array in earlier.items()}
        for index in (1, 2, 3):
            outputs(engine, sample, index)
        for name, array in kept.items():
            np.testing.assert_array_equal(earlier[name], array, err_msg=name)

    def test_an_encoded_source_owns_its_memory(self, engine, sample):
        image = sample.source.copy()
        keypoints = engine.detect(image)
        features = engine.encode(image)
        expected = engine.render(features, keypoints, keypoints).prediction
        image[:] = 0
        found = engine.render(features, keypoints, keypoints).prediction
        np.testing.assert_array_equal(found, expected)

    @pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 1, 0)])
    def test_images_may_lie_in_memory_in_any_order(self, engine, sample, order):
        back = np.argsort(order)
        image = np.ascontiguousarray(sample.source.transpose(order)).transpose(back)
        expected, found = engine.detect(sample.source), engine.detect(image)
        for array, other in zip(arrays_of(found), arrays_of(expected), strict=True):
            np.testing.assert_array_equal(array, other)
        predictions = [
            engine.render(engine.encode(source), expected, expected).prediction
            for source in (image, sample.source)
        ]
        np.testing.assert_array_equal(*predictions)

    def test_inputs_are_left_alone(self, engine, sample):
        image = sample.source.copy()
        keypoints = engine.detect(image)
        before = [array.copy() for array in arrays_of(keypoints)]
        engine.render(engine.encode(image), keypoints, keypoints, diagnostics=True)
        np.testing.assert_array_equal(image, sample.source)
        for array, kept in zip(arrays_of(keypoints), before, strict=True):
            np.testing.assert_array_equal(array, kept)

    def test_arrays_may_be_read_only(self, engine, sample):
        image = sample.source.copy()
        image.flags.writeable = False
        keypoints = engine.detect(image)
        for array in arrays_of(keypoints):
            array.flags.writeable = False
        found = engine.render(engine.encode(image), keypoints, keypoints).prediction
        expected = engine.detect(sample.source)
        np.testing.assert_array_equal(keypoints.value, expected.value)
        alone = engine.render(engine.encode(sample.source), expected, expected).prediction
        np.testing.assert_array_equal(found, alone)

    @pytest.mark.parametrize(
        "image",
        [
            np.zeros((3, 64, 64), np.float32),
            np.zeros((1, 128, 128), np.float32),
            np.zeros((128, 128, 3), np.float32),
            np.zeros((1, 3, 128, 128), np.float32),
            np.zeros((3, 128, 128)),
            np.zeros((3, 128, 128), np.uint8),
        ],
        ids=lambda image: f"{image.dtype}{image.shape}",
    )
    def test_other_images_are_refused(self, engine, image):
        message = rf"engine {engine.name}: expected an image float32 \(3, 128, 128\), found "
        with pytest.raises(EngineError, match=message):
            engine.detect(image)
        with pytest.raises(EngineError, match=message):
            engine.encode(image)

    def test_what_it_is(self, engine, avatar):
        assert engine.frame_size == avatar.card.config.frame_size
        assert engine.precision == "fp32"
        assert not engine.closed


@pytest.mark.parametrize("name", ["fake", "openvino", "onnxruntime", "nnabla"])
def test_a_closed_engine_says_so(make_engine, sample, name):
    with make_engine(name) as engine:
        keypoints, features = engine.detect(sample.source), engine.encode(sample.source)
    assert engine.closed
    calls = [
        lambda: engine.detect(sample.source),
        lambda: engine.encode(sample.source),
        lambda: engine.render(features, keypoints, keypoints),
    ]
    for call in calls:
        with pytest.raises(EngineError, match=f"engine {name}: expected an open engine, found"):
            call()
    engine.close()


@pytest.mark.parametrize("index", range(4))
def test_openvino_agrees_with_nnabla(make_engine, sample, index):
    # The embedded graphs hold their weights in float16, params.h5 does too, but rounded
    # before batch normalisation was folded in.
    with make_engine("nnabla") as reference, make_engine("openvino") as fast:
        expected, found = outputs(reference, sample, index), outputs(fast, sample, index)
    np.testing.assert_allclose(found["value"], expected["value"], atol=5e-4)
    np.testing.assert_allclose(found["jacobian"], expected["jacobian"], atol=5e-3)
    for name in ("prediction", "deformed", "mask", "occlusion_map", "sparse_deformed"):
        difference = np.abs(found[name] - expected[name])
        assert difference.max() < 2e-2, name
        assert difference.mean() < 5e-4, name


@pytest.mark.parametrize("index", range(4))
def test_onnxruntime_agrees_with_openvino(make_engine, sample, index):
    with make_engine("openvino") as reference, make_engine("onnxruntime") as other:
        expected, found = outputs(reference, sample, index), outputs(other, sample, index)
    for name, array in found.items():
        np.testing.assert_allclose(array, expected[name], atol=2e-4, err_msg=name)


def test_the_embedded_model_follows_the_driving_video(make_engine, sample):
    """The sample's driving frames show another portrait, but its head moves the same way."""
    with make_engine("openvino") as engine:
        still = engine.detect(sample.driving[0]).value
        moved = np.stack([engine.detect(image).value for image in sample.driving[1:]])
    assert np.abs(moved - still).max() > 0.02


class TestTimer:
    @pytest.mark.parametrize("name", ["openvino", "onnxruntime", "nnabla"])
    def test_each_stage_is_measured(self, make_engine, sample, name):
        with make_engine(name) as engine:
            assert engine.timer.mean_ms() == {}
            keypoints = engine.detect(sample.source)
            assert list(engine.timer.mean_ms()) == ["keypoints"]
            engine.render(engine.encode(sample.source), keypoints, keypoints)
            found = engine.timer.mean_ms()
            assert list(found) == ["keypoints", "encoder", "motion", "decoder"]
            assert all(value > 0 for value in found.values())
            engine.timer.reset()
            assert engine.timer.mean_ms() == {}
