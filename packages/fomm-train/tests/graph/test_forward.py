"""Relative motion, and the frames from which the detector alone learns, in a whole step."""

from dataclasses import replace

import numpy as np
import pytest

from fomm_core.distributed import SingleProcess
from fomm_train.backend.nnabla.precision import make_precision
from fomm_train.graph.step import TrainingStep


@pytest.fixture
def complete_batch(make_batch):
    """A batch with all that losses may need."""
    batch = make_batch(with_truth=True)
    truth = replace(
        batch.truth,
        reference_value=batch.truth.source_value,
        reference_jacobian=batch.truth.source_jacobian,
        target_value=batch.truth.driving_value,
        target_jacobian=batch.truth.driving_jacobian,
    )
    return replace(batch, truth=truth, reference=batch.source, detector_frame=batch.target)


@pytest.fixture
def run(build):
    """One step; the graph after it, its losses by name, and the networks that have changed."""

    def run_step(weights, batch, **train):
        graph = build(weights, **train)
        step = TrainingStep(graph.config, graph, SingleProcess(), make_precision("cpu", 0), 10)
        before = graph.networks.values()
        report = step.run(batch, 0, 0)
        after = graph.networks.values()
        changed = {
            name.partition("/")[0]
            for name in before
            if name.endswith("conv/W") and (after[name] != before[name]).any()
        }
        return graph, {loss.name: loss.value for loss in report.losses}, changed

    return run_step


def test_motion_relative_to_the_source_itself_is_absolute(run, complete_batch):
    absolute, _, _ = run({"reconstruction": 10}, complete_batch)
    relative, _, _ = run({"reconstruction": 10}, complete_batch, relative_motion=True)
    np.testing.assert_allclose(
        relative.predictions().frames, absolute.predictions().frames, atol=1e-4
    )


def test_motion_is_relative_to_the_reference(run, complete_batch):
    other = replace(complete_batch, reference=complete_batch.driving)
    still, _, _ = run({"reconstruction": 10}, other, relative_motion=True)
    moved, _, _ = run({"reconstruction": 10}, complete_batch, relative_motion=True)
    assert np.abs(still.predictions().frames - moved.predictions().frames).max() > 1e-4


def test_images_may_leave_the_detector_alone(run, complete_batch):
    _, _, changed = run({"reconstruction": 10}, complete_batch)
    assert changed == {"generator", "kp_detector"}
    _, _, changed = run({"reconstruction": 10}, complete_batch, images_train_detector=False)
    assert changed == {"generator"}


def test_the_detector_learns_from_frames_of_its_own(run, complete_batch):
    weights = {"transformed_keypoints": 10, "transformed_jacobians": 5}
    graph, losses, changed = run(weights, complete_batch)
    assert list(losses) == ["total_generator", *weights]
    assert changed == {"kp_detector"}
    assert graph.outputs.kp_transformed is None
    kept = replace(complete_batch, detector_frame=complete_batch.detector_frame * 0.5)
    assert run(weights, kept)[1] != losses


def test_without_a_transformation_it_is_plain_supervision(run, complete_batch):
    still = {"sigma_affine": 0, "sigma_tps": 0}
    _, losses, _ = run(
        {"transformed_keypoints": 10, "transformed_jacobians": 5},
        complete_batch,
        transform_params=still,
    )
    same = replace(complete_batch, source=complete_batch.target, driving=complete_batch.target)
    truth = replace(
        same.truth,
        source_value=same.truth.driving_value,
        source_jacobian=same.truth.driving_jacobian,
    )
    weights = {"keypoint_supervision": 10, "jacobian_supervision": 5}
    _, expected, _ = run(weights, replace(same, truth=truth))
    assert losses["transformed_keypoints"] == pytest.approx(expected["keypoint_supervision"], 1e-3)
    assert losses["transformed_jacobians"] == pytest.approx(expected["jacobian_supervision"], 1e-3)


@pytest.mark.parametrize("missing", ["reference", "detector_frame"])
def test_a_batch_without_what_is_needed_is_refused(build, complete_batch, missing):
    graph = build({"transformed_keypoints": 10}, relative_motion=True)
    batch = replace(complete_batch, **{missing: None})
    with pytest.raises(ValueError, match="expected all that the losses need"):
        graph.inputs.set(batch, graph.config.train_params, 0.0)
