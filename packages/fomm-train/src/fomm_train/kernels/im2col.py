"""Convolution of one image as matrix products (im2col), in NumPy.

A convolution from C to O channels copies each pixel of the narrower side once for each place
of the kernel, so that one matrix product does the rest. With C channels or fewer than O those
are the input's patches; otherwise the output is built up from patches, as in the gradient of
the former. Arrays are float32; (C, H, W) is an input, (O, H', W') an output image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Shapes:
    """Sizes of a convolution with stride 1.

    Attributes:
        image: (C, H, W).
        weight: (O, C, kh, kw).
        pad: zeros added above and below, and left and right; less than the kernel's size.
    """

    image: tuple[int, int, int]
    weight: tuple[int, int, int, int]
    pad: tuple[int, int]

    @property
    def output(self) -> tuple[int, int, int]:
        """(O, H', W')."""
        maps, _, *kernel = self.weight
        rows, columns = (
            side + 2 * pad - size + 1
            for side, pad, size in zip(self.image[1:], self.pad, kernel, strict=True)
        )
        return maps, rows, columns


class Workspace:
    """Memory that grows with its largest use; each slot is one array at a time."""

    def __init__(self) -> None:
        self._slots: dict[str, Float32Array] = {}

    def array(self, slot: str, shape: tuple[int, ...]) -> Float32Array:
        """An array whose values are whatever was there."""
        size = int(np.prod(shape))
        memory = self._slots.get(slot)
        if memory is None or memory.size < size:
            memory = self._slots[slot] = np.empty(size, np.float32)
        return memory[:size].reshape(shape)


class Lowering(Protocol):
    """A convolution with one weight, image by image."""

    def forward(self, image: Float32Array, out: Float32Array) -> None:
        """Write the output of an image (C, H, W) to ``out`` (O, H', W')."""

    def image_gradient(self, dy: Float32Array) -> Float32Array:
        """The gradient of the image, (C, H, W), of ``dy`` (O, H', W'); until the next call."""

    def weight_gradient(self, image: Float32Array, dy: Float32Array) -> None:
        """Add to the gradient of the weight, for an image (C, H, W) and ``dy`` (O, H', W')."""

    def total_weight_gradient(self) -> Float32Array:
        """Sum of what was added, (O, C, kh, kw)."""


def lower(shapes: Shapes, weight: Float32Array, workspace: Workspace) -> Lowering:
    """Choose the side with fewer channels.

    Args:
        shapes: of the convolution.
        weight: (O, C, kh, kw).
        workspace: whose memory is used until the next call.
    """
    maps, channels = shapes.weight[:2]
    kind = InputPatches if channels <= maps else OutputPatches
    return kind(shapes, weight, workspace)


class InputPatches:
    """output = weight . patches(image); a :class:`Lowering`."""

    def __init__(self, shapes: Shapes, weight: Float32Array, workspace: Workspace) -> None:
        self._shapes = shapes
        self._patches = _Patches(shapes.image, shapes.weight[2:], shapes.pad, workspace)
        self._matrix = weight.reshape(len(weight), -1)
        self._sum = np.zeros_like(self._matrix)

    def forward(self, image: Float32Array, out: Float32Array) -> None:
        np.matmul(self._matrix, self._patches.take(image), out=_flat(out))

    def image_gradient(self, dy: Float32Array) -> Float32Array:
        np.matmul(self._matrix.T, _flat(dy), out=self._patches.matrix)
        return self._patches.put()

    def weight_gradient(self, image: Float32Array, dy: Float32Array) -> None:
        self._sum += _flat(dy) @ self._patches.take(image).T

    def total_weight_gradient(self) -> Float32Array:
        return self._sum.reshape(self._shapes.weight)


class OutputPatches:
    """patches(output) = weight . image, with the kernel turned round; a :class:`Lowering`."""

    def __init__(self, shapes: Shapes, weight: Float32Array, workspace: Workspace) -> None:
        maps, channels, *kernel = shapes.weight
        pad = (kernel[0] - 1 - shapes.pad[0], kernel[1] - 1 - shapes.pad[1])
        self._turned = (maps, *kernel, channels)
        self._patches = _Patches(shapes.output, shapes.weight[2:], pad, workspace)
        turned = weight[:, :, ::-1, ::-1].transpose(0, 2, 3, 1)
        self._matrix = np.ascontiguousarray(turned).reshape(-1, channels)
        self._sum = np.zeros_like(self._matrix)

    def forward(self, image: Float32Array, out: Float32Array) -> None:
        np.matmul(self._matrix, _flat(image), out=self._patches.matrix)
        out[...] = self._patches.put()

    def image_gradient(self, dy: Float32Array) -> Float32Array:
        flat: Float32Array = self._matrix.T @ self._patches.take(dy)
        return flat.reshape(-1, *self._patches.places)

    def weight_gradient(self, image: Float32Array, dy: Float32Array) -> None:
        self._sum += self._patches.take(dy) @ _flat(image).T

    def total_weight_gradient(self) -> Float32Array:
        turned = self._sum.reshape(self._turned)
        return turned.transpose(0, 3, 1, 2)[:, :, ::-1, ::-1]


class _Patches:
    """Gather what lies under a kernel at each of its places on an image.

    Args:
        shape: (channels, rows, columns) of the image.
        kernel: (kh, kw).
        pad: zeros around the image.
        workspace: whose memory is used until the next of these is made.

    Attributes:
        places: rows and columns of the kernel's places.
        matrix: (channels * kh * kw, number of places), a column for each place.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        kernel: tuple[int, ...],
        pad: tuple[int, int],
        workspace: Workspace,
    ) -> None:
        channels, height, width = shape
        rows, columns = height + 2 * pad[0], width + 2 * pad[1]
        self.places = (rows - kernel[0] + 1, columns - kernel[1] + 1)
        self._inside = np.s_[:, pad[0] : pad[0] + height, pad[1] : pad[1] + width]
        self._kernel = kernel
        self._image = workspace.array("image", (channels, rows, columns))
        self._patches = workspace.array("patches", (channels, *kernel, *self.places))
        self.matrix = self._patches.reshape(-1, self.places[0] * self.places[1])

    def take(self, image: Float32Array) -> Float32Array:
        """Fill the matrix with an image's patches."""
        self._image[...] = 0
        self._image[self._inside] = image
        for i, j in np.ndindex(*self._kernel):
            self._patches[:, i, j] = self._window(i, j)
        return self.matrix

    def put(self) -> Float32Array:
        """Sum what the matrix holds of each pixel; an image, valid until the next call."""
        self._image[...] = 0
        for i, j in np.ndindex(*self._kernel):
            window = self._window(i, j)
            window += self._patches[:, i, j]
        return self._image[self._inside]

    def _window(self, i: int, j: int) -> Float32Array:
        return self._image[:, i : i + self.places[0], j : j + self.places[1]]


def _flat(image: Float32Array) -> Float32Array:
    return image.reshape(len(image), -1)
