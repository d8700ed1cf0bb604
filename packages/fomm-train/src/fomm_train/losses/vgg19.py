"""VGG19 as a fixed function: image -> relu1_1 .. relu5_1, for the perceptual loss.

Its weights are constants, not parameters: no solver trains them and no checkpoint stores them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations
from fomm_train.losses.vgg19_weights import CHANNELS, load_weights, select_weights

NUM_FEATURES = 5
"""Number of feature maps: relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1."""

# Convolutions, counted from 1, that open a block: a 2x2 max pooling stands right before them
# (but before the first), and their activations are the features.
_OPENING = (1, 3, 5, 9, 13)

MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32).reshape(1, 3, 1, 1)
"""Mean colour, RGB in [0, 1], that is taken from images; (1, 3, 1, 1)."""

STD = np.array([0.229, 0.224, 0.225], dtype=np.float32).reshape(1, 3, 1, 1)
"""Deviation of the colours, by which they are divided; (1, 3, 1, 1)."""


class Vgg19:
    """The convolutions of VGG19 with given weights.

    Args:
        ops: what computes.
        parameters: arrays by name, see :func:`fomm_train.losses.vgg19_weights.expected_shapes`;
            others are passed over.
        source: where the weights are from, for error messages.

    Raises:
        ParameterError: a parameter is missing, misshapen or not finite.
    """

    def __init__(
        self, ops: TrainingOperations, parameters: Mapping[str, Any], source: str = "VGG19"
    ) -> None:
        self._ops = ops
        self._mean, self._std = ops.constant(MEAN), ops.constant(STD)
        weights = select_weights(parameters, source)
        self._layers = tuple(
            (ops.constant(weights[f"conv{i}/conv/W"]), ops.constant(weights[f"conv{i}/conv/b"]))
            for i in range(1, len(CHANNELS) + 1)
        )

    @classmethod
    def load(cls, ops: TrainingOperations, path: str | Path) -> Vgg19:
        """Read the weights from a file.

        Raises:
            ParameterError: the file is missing or damaged, or is not VGG19.
        """
        return cls(ops, load_weights(path), str(path))

    def features(self, image: Tensor, count: int = NUM_FEATURES) -> list[Tensor]:
        """Build the first ``count`` feature maps of images (B, 3, H, W) in [0, 1].

        Returns:
            relu1_1 (B, 64, H, W), relu2_1 (B, 128, H/2, W/2), relu3_1 (B, 256, H/4, W/4),
            relu4_1 (B, 512, H/8, W/8), relu5_1 (B, 512, H/16, W/16); a side never falls
            below 1.
        """
        features: list[Tensor] = []
        ops = self._ops
        hidden = (image - self._mean) / self._std
        for index, (weight, bias) in enumerate(self._layers[: _OPENING[count - 1]], start=1):
            if index in _OPENING[1:]:
                hidden = ops.max_pooling(hidden, (2, 2))
            hidden = ops.relu(ops.fixed_convolution(hidden, weight, bias, pad=1))
            if index in _OPENING:
                features.append(hidden)
        return features
