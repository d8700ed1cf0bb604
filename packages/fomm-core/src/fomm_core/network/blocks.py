"""The building blocks of all networks (supplementary of the paper, Section "Implementation").

Every block maps (B, C, H, W) to (B, C', H', W'). Its parameters have the names of the published
files.
"""

from __future__ import annotations

from fomm_core.network.operations import Operations, Tensor


def same_block(ops: Operations, x: Tensor, out_maps: int, kernel: int) -> Tensor:
    """Convolution, batch normalisation, ReLU; the size stays."""
    block = ops.scope("downblock")
    return ops.relu(block.batch_normalization(block.convolution(x, out_maps, kernel, kernel // 2)))


def down_block(ops: Operations, x: Tensor, out_maps: int) -> Tensor:
    """3x3 convolution, batch normalisation, ReLU, 2x2 average pooling; halves the size."""
    return ops.average_pooling(same_block(ops, x, out_maps, 3), (2, 2))


def up_block(ops: Operations, x: Tensor, out_maps: int) -> Tensor:
    """Nearest x2, 3x3 convolution, batch normalisation, ReLU; doubles the size."""
    block = ops.scope("upblock")
    return ops.relu(block.batch_normalization(block.upsampling_convolution(x, out_maps)))


def residual_block(ops: Operations, x: Tensor) -> Tensor:
    """Twice batch normalisation, ReLU, 3x3 convolution; plus the input."""
    hidden = x
    for name in ("convblock_0", "convblock_2"):
        block = ops.scope(name)
        hidden = block.convolution(ops.relu(block.batch_normalization(hidden)), x.shape[1], 3, 1)
    return x + hidden


def hourglass(
    ops: Operations, x: Tensor, block_expansion: int, num_blocks: int, max_features: int
) -> Tensor:
    """Down blocks, then up blocks, each joined with the input of equal size.

    Args:
        ops: what computes.
        x: (B, C, H, W), H and W divisible by ``2 ** num_blocks``.
        block_expansion: maps of the last up block; each level below has twice as many.
        num_blocks: number of levels.
        max_features: most maps of a block.

    Returns:
        (B, block_expansion + C, H, W): the last up block's maps, then the input.
    """
    skips = [x]
    for i in range(num_blocks):
        maps = min(max_features, block_expansion * 2 ** (i + 1))
        skips.append(down_block(ops.scope(f"hourglass/encoder/downblock_{i}"), skips[-1], maps))
    hidden = skips.pop()
    for i in range(num_blocks):
        maps = min(max_features, block_expansion * 2 ** (num_blocks - 1 - i))
        hidden = up_block(ops.scope(f"hourglass/decoder/upblock_{i}"), hidden, maps)
        hidden = ops.concatenate([hidden, skips.pop()], axis=1)
    return hidden
