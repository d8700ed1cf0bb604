"""The operations in PyTorch, which computes each at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.nn.functional as F
from typing_extensions import Self

from fomm_core.motion.keypoints import FloatArray
from fomm_core.network.first_values import Draw, draw_kernels, full
from fomm_core.network.operations import Operations, Padding

_EPSILON = 1e-5  # of batch normalisation


class TorchOperations(Operations):
    """Computes all that needs no parameters; fomm-train adds what training needs.

    Positions are made in single precision, whatever autocast says.
    """

    # ----- images and maps

    def depthwise_convolution(
        self, x: torch.Tensor, weight: torch.Tensor, *, pad: int, stride: int
    ) -> torch.Tensor:
        with single_precision(x):
            return F.conv2d(
                x.float(), weight[:, None], padding=pad, stride=stride, groups=len(weight)
            )

    def average_pooling(self, x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        return F.avg_pool2d(x, size)

    def upsample_nearest(self, x: torch.Tensor, factor: int) -> torch.Tensor:
        return F.interpolate(x, scale_factor=factor, mode="nearest")

    def resize(
        self, x: torch.Tensor, size: tuple[int, int], *, align_corners: bool
    ) -> torch.Tensor:
        return F.interpolate(x, size, mode="bilinear", align_corners=align_corners)

    def grid_sample(
        self,
        x: torch.Tensor,
        grid: torch.Tensor,
        *,
        align_corners: bool,
        padding: Padding = "zeros",
    ) -> torch.Tensor:
        return F.grid_sample(
            x.float(),
            grid.float(),
            mode="bilinear",
            padding_mode=padding,
            align_corners=align_corners,
        )

    # ----- element by element

    def relu(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x)

    def sigmoid(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(x.float())

    def exp(self, x: torch.Tensor) -> torch.Tensor:
        return torch.exp(x)

    # ----- along axes

    def softmax(self, x: torch.Tensor, axis: int) -> torch.Tensor:
        return torch.softmax(x.float(), axis)

    def sum(
        self, x: torch.Tensor, axis: int | tuple[int, ...], *, keepdims: bool = False
    ) -> torch.Tensor:
        return torch.sum(x, axis, keepdim=keepdims)

    def matmul(
        self, a: torch.Tensor, b: torch.Tensor, *, transpose_b: bool = False
    ) -> torch.Tensor:
        with single_precision(a):
            return torch.matmul(a.float(), (b.mT if transpose_b else b).float())

    # ----- shapes

    def reshape(self, x: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
        return x.reshape(shape)

    def transpose(self, x: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
        return x.permute(axes)

    def broadcast(self, x: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
        return x.expand(shape)

    def concatenate(self, parts: Sequence[torch.Tensor], axis: int) -> torch.Tensor:
        return torch.cat(list(parts), axis)


def single_precision(x: torch.Tensor) -> torch.autocast:
    """The block is not to be computed in half precision on the device of ``x``."""
    return torch.autocast(x.device.type, enabled=False)


@dataclass(frozen=True, eq=False)
class TorchInferenceOperations(TorchOperations):
    """Computes networks by the recorded statistics.

    Attributes:
        values: parameters by name; those that are missing are drawn when they are needed, which
            is enough to measure speed.
        device: by PyTorch's name; where parameters and constants live.
        path: where in ``values`` these operations have their parameters.
        constants: made once, by what makes them.
        random: draws parameters that are missing, always the same for the same networks.
    """

    values: dict[str, torch.Tensor]
    device: str = "cpu"
    path: str = ""
    constants: dict[tuple[Hashable, ...], torch.Tensor] = field(default_factory=dict)
    random: np.random.RandomState = field(default_factory=lambda: np.random.RandomState(0))

    def scope(self, name: str) -> Self:
        return replace(self, path=f"{self.path}{name}/")

    def parameters(self) -> dict[str, torch.Tensor]:
        path = self.path
        return {k.removeprefix(path): v for k, v in self.values.items() if k.startswith(path)}

    def read(self, parameter: torch.Tensor) -> FloatArray:
        return np.array(parameter.cpu().numpy(), dtype=np.float32)

    def write(self, parameter: torch.Tensor, value: FloatArray) -> None:
        parameter.copy_(torch.tensor(value))

    def convolution(
        self,
        x: torch.Tensor,
        out_maps: int,
        kernel: int,
        pad: int = 0,
        *,
        initial_bias: FloatArray | None = None,
        spectral_norm: bool = False,
    ) -> torch.Tensor:
        """Convolve as described there; no network of inference normalises a spectrum."""
        first_weight, first_bias = draw_kernels(x.shape[1], out_maps, kernel, initial_bias)
        weight = self._parameter("conv/W", first_weight)
        return F.conv2d(x, weight, self._parameter("conv/b", first_bias), padding=pad)

    def batch_normalization(self, x: torch.Tensor) -> torch.Tensor:
        shape = (1, x.shape[1], 1, 1)
        beta, gamma, mean, variance = (
            self._parameter(f"bn/{name}", full(shape, value)).flatten()
            for name, value in (("beta", 0), ("gamma", 1), ("mean", 0), ("var", 1))
        )
        return F.batch_norm(x, mean, variance, gamma, beta, eps=_EPSILON)

    def constant(self, array: FloatArray) -> torch.Tensor:
        return torch.tensor(array, dtype=torch.float32, device=self.device)

    def constant_of(self, make: Callable[..., FloatArray], *arguments: Hashable) -> torch.Tensor:
        key = (make, *arguments)
        if key not in self.constants:
            self.constants[key] = self.constant(make(*arguments))
        return self.constants[key]

    def _parameter(self, name: str, draw: Draw) -> torch.Tensor:
        path = f"{self.path}{name}"
        if path not in self.values:
            self.values[path] = self.constant(draw(self.random))
        return self.values[path]
