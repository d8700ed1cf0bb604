"""The losses that compare images: perceptual, of pixels, of the warped source (Section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fomm_core.errors import ConfigError
from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations
from fomm_train.backend.precision import Precision
from fomm_train.config import TrainConfig
from fomm_train.graph.forward import ForwardOutputs
from fomm_train.graph.inputs import StepInputs
from fomm_train.graph.terms import OptionalTerm
from fomm_train.losses.perceptual import perceptual
from fomm_train.losses.pyramid import pyramid
from fomm_train.losses.reconstruction import gradient, reconstruction, warped_source
from fomm_train.losses.vgg19 import Vgg19
from fomm_train.losses.weighting import is_on


@dataclass(frozen=True, eq=False)
class Pyramids:
    """Predictions and targets at several scales, (B, C, H * scale, W * scale) each."""

    prediction: dict[float, Tensor]
    target: dict[float, Tensor]


def make_pyramids(
    ops: TrainingOperations, prediction: Tensor, target: Tensor, scales: Sequence[float]
) -> Pyramids:
    """Shrink prediction and target, (B, C, H, W) each, to every scale."""
    return Pyramids(pyramid(ops, prediction, scales), pyramid(ops, target, scales))


def perceptual_term(
    ops: TrainingOperations,
    config: TrainConfig,
    pyramids: Pyramids,
    vgg: Vgg19 | None,
    precision: Precision,
) -> OptionalTerm:
    """The perceptual loss.

    Args:
        ops: what computes.
        config: its weights and scales.
        pyramids: at these scales.
        vgg: the network whose features are compared.
        precision: which parts compute in half precision.

    Raises:
        ConfigError: it is on, and ``vgg`` is missing.
    """
    params = config.train_params
    if not is_on(params.loss_weights.perceptual):
        return "perceptual", None
    if vgg is None:
        raise ConfigError("train_params.loss_weights.perceptual: expected VGG19, found none")
    with precision.images():
        prediction = {scale: pyramids.prediction[scale] for scale in params.scales}
        loss = perceptual(ops, prediction, pyramids.target, vgg, params.loss_weights.perceptual)
    return "perceptual", loss


def image_terms(
    ops: TrainingOperations,
    config: TrainConfig,
    pyramids: Pyramids,
    inputs: StepInputs,
    outputs: ForwardOutputs,
) -> Iterator[OptionalTerm]:
    """Yield the losses of pixels: of the prediction, its gradient, and the warped source.

    Args:
        ops: what computes.
        config: weights, and how much regions of the truth count.
        pyramids: at the scales of the losses on images.
        inputs: targets and regions.
        outputs: of the networks.
    """
    params = config.train_params
    weights = params.loss_weights
    regions = None if inputs.truth is None else inputs.truth.regions
    weighting = (regions, params.region_weight)
    prediction = {scale: pyramids.prediction[scale] for scale in params.scales}
    decoded = outputs.decoded
    yield (
        "reconstruction",
        reconstruction(ops, prediction, pyramids.target, weights.reconstruction, *weighting),
    )
    yield (
        "gradient",
        gradient(ops, decoded.prediction, inputs.target, weights.gradient, *weighting),
    )
    yield (
        "warped_source",
        warped_source(ops, decoded.deformed, inputs.target, weights.warped_source, *weighting),
    )
