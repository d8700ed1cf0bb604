"""The building blocks of all networks (supplementary of the paper, Section "Implementation").

Every block is a function of an NNabla variable (B, C, H, W). Its parameters live in the
current parameter scope under the names of the published files.
"""

from __future__ import annotations

from collections.abc import Callable

import nnabla as nn
import nnabla.functions as F
import nnabla.initializer as I
import nnabla.parametric_functions as PF
import numpy as np

Normalize = Callable[[nn.Variable], nn.Variable]
"""Batch normalisation as a value: training and inference pass their own."""


def running_statistics(x: nn.Variable) -> nn.Variable:
    """Batch normalisation by the recorded mean and variance (inference)."""
    return PF.batch_normalization(x, batch_stat=False, decay_rate=0.9, eps=1e-5)


def batch_statistics(x: nn.Variable) -> nn.Variable:
    """Batch normalisation by mean and variance of this batch, which are recorded (training)."""
    return PF.batch_normalization(x, batch_stat=True, decay_rate=0.9, eps=1e-5)


def convolution(x: nn.Variable, out_maps: int, kernel: int, pad: int) -> nn.Variable:
    """Convolve with bias; (B, C, H, W) -> (B, out_maps, H', W').

    Weights and bias start uniform in +- (He-normal standard deviation) / sqrt(2).
    """
    limit = I.calc_normal_std_he_forward(x.shape[1], out_maps, (kernel, kernel)) / np.sqrt(2)
    init = I.UniformInitializer((-limit, limit))
    return PF.convolution(x, out_maps, (kernel, kernel), pad=(pad, pad), w_init=init, b_init=init)


def same_block(x: nn.Variable, out_maps: int, kernel: int, normalize: Normalize) -> nn.Variable:
    """Convolution, batch normalisation, ReLU; the size stays."""
    with nn.parameter_scope("downblock"):
        return F.relu(normalize(convolution(x, out_maps, kernel, kernel // 2)))


def down_block(x: nn.Variable, out_maps: int, normalize: Normalize) -> nn.Variable:
    """3x3 convolution, batch normalisation, ReLU, 2x2 average pooling; halves the size."""
    with nn.parameter_scope("downblock"):
        hidden = F.relu(normalize(convolution(x, out_maps, 3, 1)))
    return F.average_pooling(hidden, (2, 2))


def up_block(x: nn.Variable, out_maps: int, normalize: Normalize) -> nn.Variable:
    """Nearest x2, 3x3 convolution, batch normalisation, ReLU; doubles the size."""
    with nn.parameter_scope("upblock"):
        return F.relu(normalize(convolution(F.unpooling(x, (2, 2)), out_maps, 3, 1)))


def residual_block(x: nn.Variable, normalize: Normalize) -> nn.Variable:
    """Twice batch normalisation, ReLU, 3x3 convolution; plus the input."""
    hidden = x
    for name in ("convblock_0", "convblock_2"):
        with nn.parameter_scope(name):
            hidden = convolution(F.relu(normalize(hidden)), x.shape[1], 3, 1)
    return x + hidden


def hourglass(
    x: nn.Variable,
    block_expansion: int,
    num_blocks: int,
    max_features: int,
    normalize: Normalize,
) -> nn.Variable:
    """Down blocks, then up blocks, each joined with the input of equal size.

    Args:
        x: (B, C, H, W), H and W divisible by ``2 ** num_blocks``.

    Returns:
        (B, block_expansion + C, H, W): the last up block's maps, then the input.
    """
    skips = [x]
    for i in range(num_blocks):
        maps = min(max_features, block_expansion * 2 ** (i + 1))
        with nn.parameter_scope(f"hourglass/encoder/downblock_{i}"):
            skips.append(down_block(skips[-1], maps, normalize))
    hidden = skips.pop()
    for i in range(num_blocks):
        maps = min(max_features, block_expansion * 2 ** (num_blocks - 1 - i))
        with nn.parameter_scope(f"hourglass/decoder/upblock_{i}"):
            hidden = up_block(hidden, maps, normalize)
        hidden = F.concatenate(hidden, skips.pop(), axis=1)
    return hidden
