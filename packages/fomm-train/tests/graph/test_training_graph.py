from pathlib import Path

import nnabla as nn
import numpy as np
import pytest
import yaml

from fomm_core.errors import ConfigError
from fomm_core.model.parameters import load_parameters
from fomm_core.network.nnabla_operations import batch_statistics, running_statistics
from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
from fomm_train.backend.nnabla.precision import NNablaPrecision, make_precision
from fomm_train.config import parse_train_config
from fomm_train.data.batch import Batch
from fomm_train.graph.inputs import StepInputs
from fomm_train.graph.objectives import generator_objective
from fomm_train.graph.training_graph import build_graph

GOLDEN = Path(__file__).resolve().parents[3] / "fomm-core" / "tests" / "golden" / "mini"


def names(objective):
    return [term.name for term in objective.terms]


def gradients(graph, objective):
    """Names of the parameters that an objective reaches."""
    parameters = graph.networks.parameters()
    for variable in parameters.values():
        variable.grad.zero()
    objective.total.forward(clear_no_need_grad=True)
    objective.total.backward(clear_buffer=True)
    return {name for name, v in parameters.items() if v.need_grad and np.abs(v.g).max() > 0}


def networks_of(found):
    return {name.partition("/")[0] for name in found}


def test_golden_predictions_and_keypoints():
    config = parse_train_config(yaml.safe_load((GOLDEN / "config.yaml").read_text()))
    config = config.model_copy(
        update={
            "train_params": config.train_params.model_copy(
                update={
                    "loss_weights": config.train_params.loss_weights.model_copy(
                        update={"perceptual": None}
                    )
                }
            )
        }
    )
    io = np.load(GOLDEN / "io.npz")
    precision = make_precision("cpu", 0)
    graph = build_graph(
        config, NNablaTrainingOperations(running_statistics, precision.kernels), None, precision
    )
    graph.networks.load(load_parameters(GOLDEN / "params.h5"), "golden")
    batch = Batch(io["source"], io["driving"], io["driving"], None, np.arange(2))
    graph.inputs.set(batch, config.train_params, 0.0)
    graph.generator().total.forward()
    found = graph.outputs
    np.testing.assert_allclose(found.decoded.prediction.d, io["generator_prediction"], atol=1e-5)
    np.testing.assert_allclose(found.kp_source.value.d, io["kp_source_value"], atol=1e-5)
    np.testing.assert_allclose(found.kp_driving.value.d, io["kp_driving_value"], atol=1e-5)


def test_on_true_keypoints_alone_the_detector_is_neither_run_nor_trained(build, make_batch):
    graph = build({"reconstruction": 10}, true_keypoints_only=True)
    batch = make_batch(with_truth=True)
    graph.inputs.set(batch, graph.config.train_params, 0.0)
    assert networks_of(gradients(graph, graph.generator())) == {"generator"}
    np.testing.assert_array_equal(graph.outputs.kp_driving.value.d, batch.truth.driving_value)
    names = graph.networks.parameters()
    assert any(name.startswith("kp_detector/") for name in names)
    mean = names["kp_detector/hourglass/encoder/downblock_0/downblock/bn/mean"]
    assert not mean.d.any()


def test_only_losses_with_a_weight_are_built(build):
    graph = build({"reconstruction": 10, "equivariance_value": 0, "gradient": None})
    assert names(graph.generator()) == ["reconstruction"]
    assert graph.discriminator is None
    assert graph.outputs.kp_transformed is None
    assert graph.inputs.truth is None


def test_stage_one_has_no_discriminator_whatever_its_other_weights(build):
    weights = {
        "reconstruction": 1,
        "generator_gan": 0,
        "discriminator_gan": 1,
        "feature_matching": [10, 10],
    }
    graph = build(weights)
    assert names(graph.generator()) == ["reconstruction"]
    assert graph.discriminator is None
    assert not any(name.startswith("discriminator/") for name in graph.networks.parameters())


def test_all_losses_at_once(build, make_batch):
    weights = {
        "generator_gan": 1,
        "discriminator_gan": 1,
        "feature_matching": [10, 10],
        "equivariance_value": 10,
        "equivariance_jacobian": 10,
        "reconstruction": 10,
        "gradient": 5,
        "warped_source": 10,
        "keypoint_supervision": 10,
        "jacobian_supervision": 5,
        "background_supervision": 50,
    }
    graph = build(weights, region_weight=7.0, true_keypoints_until=0.5)
    params = graph.config.train_params
    graph.inputs.set(make_batch(with_truth=True), params, 1.0)
    reached = gradients(graph, graph.generator())
    assert set(names(graph.generator())) == set(weights) - {"discriminator_gan"}
    terms = sum(float(term.value.d) for term in graph.generator().terms)
    assert float(graph.generator().total.d) == pytest.approx(terms, rel=1e-5)
    assert networks_of(reached) == {"generator", "kp_detector"}
    assert networks_of(gradients(graph, graph.discriminator())) == {"discriminator"}


def test_each_step_reaches_its_own_networks_alone(build, make_batch):
    graph = build({"generator_gan": 1, "discriminator_gan": 1, "feature_matching": [10, 10]})
    graph.inputs.set(make_batch(), graph.config.train_params, 0.0)
    reached = gradients(graph, graph.generator())
    assert networks_of(reached) == {"generator", "kp_detector"}
    prediction = graph.outputs.decoded.prediction.d.copy()
    assert networks_of(gradients(graph, graph.discriminator())) == {"discriminator"}
    np.testing.assert_array_equal(graph.outputs.decoded.prediction.d, prediction)


def test_a_discriminator_without_weight_is_not_trained(build):
    graph = build({"generator_gan": 1, "discriminator_gan": 0})
    assert names(graph.generator()) == ["generator_gan"]
    assert graph.discriminator is None


def test_fed_keypoints_take_the_place_of_detected_ones(build, make_batch):
    graph = build({"reconstruction": 10}, true_keypoints_until=1.0)
    params, batch = graph.config.train_params, make_batch(with_truth=True)
    graph.inputs.set(batch, params, 1.0)
    assert networks_of(gradients(graph, graph.generator())) == {"generator"}
    graph.inputs.set(batch, params, 0.0)
    assert networks_of(gradients(graph, graph.generator())) == {"generator", "kp_detector"}


def test_a_batch_without_truth_is_refused_where_it_is_needed(build, make_batch):
    graph = build({"keypoint_supervision": 10})
    with pytest.raises(ValueError, match="expected one with the truth"):
        graph.inputs.set(make_batch(), graph.config.train_params, 0.0)


def test_no_loss_at_all_is_refused(build):
    with pytest.raises(ConfigError, match="expected a weight above 0"):
        build({})


def test_a_generator_to_deceive_nobody_is_refused(settings):
    data = settings({"generator_gan": 1})
    del data["model_params"]["discriminator_params"]
    with pytest.raises(ConfigError, match="discriminator_params: expected a section"):
        build_graph(
            parse_train_config(data),
            NNablaTrainingOperations(batch_statistics),
            None,
            make_precision("cpu", 0),
        )


def test_a_perceptual_loss_needs_vgg19(build):
    with pytest.raises(ConfigError, match="expected VGG19, found none"):
        build({"perceptual": [10] * 5})


def test_the_seed_alone_decides_the_first_parameters(build):
    def values(seed):
        return build({"reconstruction": 1}, seed=seed).networks.values()

    one, again, other = values(3), values(3), values(4)
    for name, value in one.items():
        np.testing.assert_array_equal(again[name], value)
    assert (one["generator/final_conv/conv/W"] != other["generator/final_conv/conv/W"]).any()


def test_models_without_jacobians(settings, make_batch):
    data = settings({"reconstruction": 1, "equivariance_value": 1, "equivariance_jacobian": 1})
    data["model_params"]["common_params"]["estimate_jacobian"] = False
    config = parse_train_config(data)
    precision = make_precision("cpu", 0)
    ops = NNablaTrainingOperations(batch_statistics, precision.kernels)
    graph = build_graph(config, ops, None, precision)
    assert names(graph.generator()) == ["equivariance_value", "reconstruction"]
    graph.inputs.set(make_batch(), config.train_params, 0.0)
    assert networks_of(gradients(graph, graph.generator())) == {"generator", "kp_detector"}


def test_half_precision_is_close_and_leaves_keypoints_alone(build, make_batch):
    from nnabla.ext_utils import get_extension_context

    single = get_extension_context("cpu")
    half = get_extension_context("cpu", type_config="half")
    weights = {"reconstruction": 10, "generator_gan": 1, "discriminator_gan": 1}
    found = []
    for precision in (NNablaPrecision(single), NNablaPrecision(single, half)):
        graph = build(weights, precision=precision)
        graph.inputs.set(make_batch(), graph.config.train_params, 0.0)
        gradients(graph, graph.generator())
        gradients(graph, graph.discriminator())
        found.append(graph)
    one, other = found
    np.testing.assert_array_equal(other.outputs.kp_driving.value.d, one.outputs.kp_driving.value.d)
    expected, mixed = (graph.outputs.decoded.prediction.d for graph in found)
    assert 0 < np.abs(expected.astype(np.float32) - mixed.astype(np.float32)).max() < 0.05
    assert float(other.generator().total.d) == pytest.approx(
        float(one.generator().total.d), rel=0.02
    )


def test_supervision_is_the_mean_over_source_and_driving(build, make_batch):
    graph = build({"keypoint_supervision": 10})
    batch = make_batch(with_truth=True)
    graph.inputs.set(batch, graph.config.train_params, 0.0)
    graph.generator().total.forward()
    detected = [graph.outputs.kp_source.value.d, graph.outputs.kp_driving.value.d]
    true = [batch.truth.source_value, batch.truth.driving_value]
    expected = 10 * np.abs(np.stack(detected) - np.stack(true)).mean()
    assert float(graph.generator().total.d) == pytest.approx(expected, rel=1e-5)


def test_objectives_work_on_variables_of_the_given_inputs(build, make_batch):
    graph = build({"reconstruction": 1})
    ops, config = graph.operations, graph.config
    other = StepInputs.create(ops, config)
    precision = NNablaPrecision(nn.get_current_context())
    objective = generator_objective(ops, config, other, graph.outputs, None, precision)
    graph.inputs.set(make_batch(), graph.config.train_params, 0.0)
    objective.total.forward()
    other.target.d = graph.outputs.decoded.prediction.d
    objective.total.forward()
    assert float(objective.total.d) == pytest.approx(0, abs=1e-6)
