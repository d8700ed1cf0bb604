"""The perceptual loss (Section 3.3; Johnson et al. 2016)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations
from fomm_train.losses.l1 import check_number_of_weights, weighted_l1
from fomm_train.losses.vgg19 import NUM_FEATURES, Vgg19
from fomm_train.losses.weighting import is_on, total


def perceptual(
    ops: TrainingOperations,
    prediction: Mapping[float, Tensor],
    target: Mapping[float, Tensor],
    vgg: Vgg19,
    weights: Sequence[float] | None,
) -> Tensor | None:
    """L1 between VGG19 features of two pyramids (Johnson et al. 2016).

    Prediction and target pass VGG19 one after the other, not side by side in one batch: the
    target's half then needs no backward pass, more than a quarter of the whole cost.

    Args:
        ops: what computes.
        prediction, target: images by scale.
        vgg: the fixed network.
        weights: one for each of relu1_1 .. relu5_1; missing ones count as 0. Layers behind
            the last weight are not computed.

    Raises:
        ConfigError: there are more weights than features.
    """
    if not is_on(weights):
        return None
    check_number_of_weights(
        "perceptual", weights, NUM_FEATURES, "one for each of relu1_1 .. relu5_1"
    )
    terms: list[Tensor | None] = []
    for scale, image in prediction.items():
        fake = vgg.features(image, len(weights))
        real = vgg.features(ops.stop_gradient(target[scale]), len(weights))
        terms.append(weighted_l1(ops, fake, real, weights))
    return total(terms)
