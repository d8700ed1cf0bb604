"""First values of parameters: those that NNabla draws from the same seed, in the same order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fomm_core.motion.keypoints import FloatArray

Draw = Callable[[np.random.RandomState], FloatArray]
"""Makes the first value of one parameter, float32."""


def draw_kernels(
    maps: int, out_maps: int, kernel: int, initial_bias: FloatArray | None = None
) -> tuple[Draw, Draw]:
    """First values of a convolution, as :meth:`~.operations.Operations.convolution` describes them.

    Args:
        maps: number of input maps.
        out_maps: number of kernels.
        kernel: their height and width.
        initial_bias: (out_maps,), what the bias begins with; weights are then 0.

    Returns:
        Those of the weight, (out_maps, maps, kernel, kernel), and of the bias, (out_maps,).
    """
    shape = (out_maps, maps, kernel, kernel)
    if initial_bias is not None:
        return full(shape, 0), full((out_maps,), initial_bias)
    limit = np.sqrt(2.0 / (kernel * kernel * maps)) / np.sqrt(2)
    return uniform(shape, limit), uniform((out_maps,), limit)


def uniform(shape: tuple[int, ...], limit: float) -> Draw:
    """Draw evenly between -limit and limit."""

    def draw(random: np.random.RandomState) -> FloatArray:
        return random.uniform(-limit, limit, shape).astype(np.float32)

    return draw


def normal(shape: tuple[int, ...]) -> Draw:
    """Draw from the standard normal distribution."""

    def draw(random: np.random.RandomState) -> FloatArray:
        return random.normal(0, 1, shape).astype(np.float32)

    return draw


def full(shape: tuple[int, ...], value: float | FloatArray) -> Draw:
    """Begin with given values."""
    return lambda _: np.full(shape, value, dtype=np.float32)
