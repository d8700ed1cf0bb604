"""Every option of the networks gives the shapes and ranges that it promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

H, W = 24, 32


def random_inputs(stage, seed: int = 0) -> dict[str, np.ndarray]:
    """Images in [0, 1], keypoints inside the frame, jacobians near the identity."""
    rng = np.random.default_rng(seed)
    inputs = {}
    for name, variable in stage.inputs.items():
        if name.endswith("jacobian"):
            array = np.eye(2) + rng.uniform(-0.2, 0.2, variable.shape)
        elif name.endswith("value") or name == "deformation":
            array = rng.uniform(-1, 1, variable.shape)
        else:
            array = rng.uniform(0, 1, variable.shape)
        inputs[name] = array.astype(np.float32)
    return inputs


def shapes_of(stage) -> dict[str, tuple[int, ...]]:
    """Shapes of what a stage computes, which are also those that it promises."""
    found = stage(**random_inputs(stage))
    assert {k: v.shape for k, v in found.items()} == {k: v.shape for k, v in stage.outputs.items()}
    assert all(np.isfinite(array).all() for array in found.values())
    return {name: array.shape for name, array in found.items()}


@pytest.mark.parametrize("num_kp", [1, 2, 15])
@pytest.mark.parametrize("batch", [1, 2])
def test_the_number_of_keypoints(tiny, stages_of, num_kp, batch):
    stages = stages_of(tiny(common_params={"num_kp": num_kp}), batch)
    assert shapes_of(stages["keypoints"]) == {
        "value": (batch, num_kp, 2),
        "jacobian": (batch, num_kp, 2, 2),
    }
    assert shapes_of(stages["motion"]) == {
        "deformation": (batch, H // 2, W // 2, 2),
        "occlusion_map": (batch, 1, H // 2, W // 2),
        "mask": (batch, num_kp + 1, H // 2, W // 2),
        "sparse_deformed": (batch, num_kp + 1, 3, H // 2, W // 2),
    }


def test_one_jacobian_map_for_all(tiny, stages_of):
    from fomm_core.network.graph import Networks
    from fomm_core.network.nnabla_operations import NNablaOperations
    from fomm_core.network.stages import build_stages

    config = tiny(kp_detector_params={"single_jacobian_map": True})
    assert shapes_of(stages_of(config)["keypoints"])["jacobian"] == (1, 3, 2, 2)
    networks = Networks(config, NNablaOperations())
    build_stages(networks)
    shared = networks.values()["kp_detector/jacobian_estimator/conv/W"]
    assert shared.shape[0] == 4


def test_no_jacobians(tiny, stages_of):
    stages = stages_of(tiny(common_params={"estimate_jacobian": False}))
    assert set(shapes_of(stages["keypoints"])) == {"value"}
    assert set(stages["motion"].inputs) == {"small", "source_value", "driving_value"}
    assert "mask" in shapes_of(stages["motion"])


def test_no_occlusion_map(tiny, stages_of):
    stages = stages_of(tiny(generator_params={"estimate_occlusion_map": False}))
    assert "occlusion_map" not in shapes_of(stages["motion"])
    assert "occlusion_map" not in stages["decoder"].inputs
    assert shapes_of(stages["decoder"])["prediction"] == (1, 3, H, W)


@pytest.mark.parametrize(("blocks", "maps"), [(0, 4), (1, 8), (2, 8), (3, 8)])
def test_the_number_of_down_blocks(tiny, stages_of, blocks, maps):
    stages = stages_of(tiny(generator_params={"num_down_blocks": blocks}))
    features = (1, maps, H // 2**blocks, W // 2**blocks)
    assert shapes_of(stages["encoder"])["features"] == features
    assert shapes_of(stages["decoder"]) == {"prediction": (1, 3, H, W), "deformed": (1, 3, H, W)}


@pytest.mark.parametrize("factor", [1, 0.5, 0.25])
def test_the_scale_of_the_hourglasses(tiny, stages_of, factor):
    stride = round(1 / factor)
    stages = stages_of(
        tiny(
            (32, 64, 3),
            kp_detector_params={"scale_factor": factor},
            generator_params={"dense_motion_params": {"scale_factor": factor}},
        )
    )
    assert shapes_of(stages["keypoints"])["value"] == (1, 3, 2)
    assert shapes_of(stages["encoder"])["small"] == (1, 3, 32 // stride, 64 // stride)
    assert shapes_of(stages["motion"])["mask"] == (1, 4, 32 // stride, 64 // stride)
    assert shapes_of(stages["decoder"])["prediction"] == (1, 3, 32, 64)


def test_the_ranges_of_the_outputs(tiny, stages_of):
    stages = stages_of(tiny(), batch=2)
    keypoints = stages["keypoints"](**random_inputs(stages["keypoints"]))
    assert np.abs(keypoints["value"]).max() <= 1
    motion = stages["motion"](**random_inputs(stages["motion"]))
    assert motion["mask"].min() >= 0
    np.testing.assert_allclose(motion["mask"].sum(axis=1), 1, atol=1e-5)
    assert 0 <= motion["occlusion_map"].min() < motion["occlusion_map"].max() <= 1
    decoded = stages["decoder"](**random_inputs(stages["decoder"]))
    for image in decoded.values():
        assert 0 <= image.min() < image.max() <= 1


def test_frames_of_a_batch_do_not_mix(tiny, stages_of):
    config = tiny()
    both, alone = stages_of(config, batch=2), stages_of(config)
    for name, stage in both.items():
        inputs = random_inputs(stage)
        together = stage(**inputs)
        for index in range(2):
            single = alone[name](**{k: v[index : index + 1] for k, v in inputs.items()})
            for output, array in single.items():
                np.testing.assert_allclose(
                    together[output][index : index + 1], array, atol=1e-5, err_msg=output
                )


def test_without_skip_hidden_parts_are_inpainted_only_in_features(tiny, stages_of):
    """Where the occlusion map is 1, skip shows the deformed source; where 0, the decoder's."""
    config = tiny(generator_params={"skip": True})
    stage = stages_of(config)["decoder"]
    plain = stages_of(tiny())["decoder"]
    inputs = random_inputs(stage)
    inputs["occlusion_map"] = np.ones_like(inputs["occlusion_map"])
    visible = stage(**inputs)
    np.testing.assert_allclose(visible["prediction"], visible["deformed"], atol=1e-6)
    inputs["occlusion_map"] = np.zeros_like(inputs["occlusion_map"])
    hidden = stage(**inputs)["prediction"]
    np.testing.assert_allclose(hidden, plain(**inputs)["prediction"], atol=1e-6)


def test_with_aligned_corners_no_motion_leaves_the_source_as_it_is(tiny, stages_of):
    from fomm_core.network.warping import coordinate_grid

    stage = stages_of(tiny(generator_params={"align_corners": True, "skip": True}))["decoder"]
    inputs = random_inputs(stage)
    inputs["deformation"] = coordinate_grid(H // 2, W // 2)[None]
    inputs["occlusion_map"] = np.ones_like(inputs["occlusion_map"])
    decoded = stage(**inputs)
    np.testing.assert_allclose(decoded["deformed"], inputs["source"], atol=1e-5)
    np.testing.assert_allclose(decoded["prediction"], inputs["source"], atol=1e-5)


def test_motion_features_reach_the_decoder(tiny, stages_of):
    stages = stages_of(tiny(generator_params={"motion_features": True}))
    maps = 4 + 4 * (3 + 1)  # the last up block's; heat map and colours of three keypoints and one
    assert shapes_of(stages["motion"])["motion_features"] == (1, maps, H // 2, W // 2)
    inputs = random_inputs(stages["decoder"])
    one = stages["decoder"](**inputs)
    other = stages["decoder"](**inputs | {"motion_features": -inputs["motion_features"]})
    np.testing.assert_array_equal(one["deformed"], other["deformed"])
    assert np.abs(one["prediction"] - other["prediction"]).max() > 1e-3


def test_jacobian_maps_show_what_is_stretched_and_where(tiny, stages_of):
    from fomm_core.network.warping import coordinate_grid

    dense = {"jacobian_maps": True}
    stages = stages_of(
        tiny(generator_params={"motion_features": True, "dense_motion_params": dense})
    )
    inputs = random_inputs(stages["motion"])
    inputs["source_jacobian"] = np.tile(np.eye(2, dtype=np.float32), (1, 3, 1, 1))
    inputs["driving_jacobian"] = inputs["source_jacobian"].copy()
    inputs["driving_jacobian"][0, 1, 1, 1] = 0.25  # the second keypoint: an eye that is shut
    maps = stages["motion"](**inputs)["motion_features"][0, -12:].reshape(3, 2, 2, H // 2, W // 2)
    assert np.abs(maps[[0, 2]]).max() < 1e-6
    grid = coordinate_grid(H // 2, W // 2)
    distance = np.sum((grid - inputs["driving_value"][0, 1]) ** 2, axis=-1)
    np.testing.assert_allclose(maps[1, 1, 1], -0.75 * np.exp(distance / -0.02), atol=1e-5)
    assert np.abs(maps[1].reshape(4, -1)[:3]).max() < 1e-6


def test_temperature_sharpens_the_heat_maps(tiny, stages_of):
    """With a huge temperature all keypoints sit in the middle."""
    stage = stages_of(tiny(kp_detector_params={"temperature": 1e6}))["keypoints"]
    found = stage(**random_inputs(stage))["value"]
    np.testing.assert_allclose(found, 0, atol=1e-4)


class TestMotion:
    """Sparse motions follow Equation 4 of the paper."""

    @staticmethod
    def motions(size, source, driving, jacobians=(None, None)):
        import nnabla as nn

        from fomm_core.network.dense_motion import sparse_motions
        from fomm_core.network.keypoint_detector import KeypointVariables
        from fomm_core.network.nnabla_operations import NNablaOperations

        def variables(value, jacobian):
            make = nn.Variable.from_numpy_array
            return KeypointVariables(make(value), None if jacobian is None else make(jacobian))

        sides = zip((source, driving), jacobians, strict=True)
        moved = sparse_motions(NNablaOperations(), *(variables(*side) for side in sides), size)
        moved.forward()
        return np.array(moved.d)

    @given(seed=st.integers(0, 2**32 - 1), height=st.integers(2, 9), width=st.integers(2, 9))
    @settings(max_examples=20)
    def test_each_keypoint_moves_its_neighbourhood(self, seed, height, width):
        from fomm_core.network.warping import coordinate_grid

        rng = np.random.default_rng(seed)
        source, driving = rng.uniform(-1, 1, (2, 1, 3, 2)).astype(np.float32)
        jacobians = (np.eye(2) + rng.uniform(-0.3, 0.3, (2, 1, 3, 2, 2))).astype(np.float32)
        found = self.motions((height, width), source, driving, jacobians)
        grid = coordinate_grid(height, width)
        np.testing.assert_array_equal(found[0, 0], grid)
        for k in range(3):
            local = jacobians[0][0, k] @ np.linalg.inv(jacobians[1][0, k])
            expected = source[0, k] + (grid - driving[0, k]) @ local.T
            np.testing.assert_allclose(found[0, k + 1], expected, atol=1e-4)

    def test_without_jacobians_they_are_shifts(self):
        source = np.array([[[0.25, -0.5]]], np.float32)
        found = self.motions((3, 5), source, np.zeros_like(source))
        np.testing.assert_allclose(found[0, 1] - found[0, 0], np.tile(source, (3, 5, 1)), atol=1e-6)
