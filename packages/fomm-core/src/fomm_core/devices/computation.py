"""Computation of a device's trial, done on the CPU by NumPy, and the comparison with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from fomm_core.utils.rng import make_rng

FloatArray = npt.NDArray[np.float32]

PAD = 3
"""Zeros around the image, so that the 7x7 convolution leaves its size."""

# Rounding and TF32 stay far below it; kernels that fail are off by the size of the values.
_TOLERANCE = 0.01


@dataclass(frozen=True, eq=False)
class TrialInputs:
    """Inputs of the trial, all float32.

    The convolution is the mask's of the published networks (Section 3.2 of the paper), with
    which cuDNN was seen to fail where it could do others; 5,000 values are more than one block
    of a GPU reduces.

    Attributes:
        image: (1, 108, 64, 64).
        weight: (11, 108, 7, 7), of the convolution with a padding of :data:`PAD`.
        gradient: (1, 11, 64, 64), the gradient of the convolution's output.
        values: (5000,), to be averaged.
    """

    image: FloatArray
    weight: FloatArray
    gradient: FloatArray
    values: FloatArray


@dataclass(frozen=True, eq=False)
class TrialValues:
    """Results of the trial, all float32.

    Attributes:
        convolution: (1, 11, 64, 64), the convolution's output.
        mean: (), of the values.
        image_gradient: (1, 108, 64, 64), the gradient of the convolution's image; ``None`` of
            libraries that have no gradients.
        weight_gradient: (11, 108, 7, 7), the gradient of its weight, or ``None`` likewise.
    """

    convolution: FloatArray
    mean: FloatArray
    image_gradient: FloatArray | None = None
    weight_gradient: FloatArray | None = None


def make_inputs() -> TrialInputs:
    """Draw the inputs, always the same."""
    rng = make_rng(0)

    def draw(*shape: int) -> FloatArray:
        return rng.standard_normal(shape, dtype=np.float32)

    values = draw(5000) + np.float32(1)
    return TrialInputs(draw(1, 108, 64, 64), draw(11, 108, 7, 7), draw(1, 11, 64, 64), values)


def compute_on_cpu(inputs: TrialInputs) -> TrialValues:
    """Compute the values by NumPy."""
    flipped = inputs.weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    windows = _windows(inputs.image, *inputs.weight.shape[2:])
    return TrialValues(
        convolution=_convolve(inputs.image, inputs.weight),
        image_gradient=_convolve(inputs.gradient, flipped),
        weight_gradient=np.tensordot(inputs.gradient[0], windows, axes=((1, 2), (1, 2))),
        mean=inputs.values.mean(),
    )


def difference(found: TrialValues, expected: TrialValues) -> str:
    """Say which values differ, relative to the largest one; an empty text where none do."""
    return "; ".join(_differences(found, expected))


def _differences(found: TrialValues, expected: TrialValues) -> Iterator[str]:
    for field in fields(TrialValues):
        one, other = getattr(found, field.name), getattr(expected, field.name)
        if one is None:
            continue
        distance = np.abs(one - other).max() / np.abs(other).max()
        if not distance <= _TOLERANCE:  # NaN is none
            yield f"{field.name.replace('_', ' ')} differs from the CPU's by {distance:.2g}"


def _convolve(image: FloatArray, weight: FloatArray) -> FloatArray:
    windows = _windows(image, *weight.shape[2:])
    found: FloatArray = np.tensordot(weight, windows, axes=((1, 2, 3), (0, 3, 4)))[None]
    return found


def _windows(image: FloatArray, height: int, width: int) -> FloatArray:
    """(C, H, W, height, width): the padded image around each pixel."""
    padded = np.pad(image[0], ((0, 0), (PAD, PAD), (PAD, PAD)))
    windows: FloatArray = sliding_window_view(padded, (1, height, width))[:, :, :, 0]
    return windows
