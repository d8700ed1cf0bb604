"""The operations in PyTorch, which computes each at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.nn.functional as F
from typing_extensions import Self

from fomm_core.motion.keypoints import FloatArray
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
    """

    values: dict[str, torch.Tensor]
    device: str = "cpu"
    path: str = ""
    constants: dict[tuple[Hashable, ...], torch.Tensor] = field(default_factory=dict)

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
        shape = (out_maps, x.shape[1], kernel, kernel)
        limit = 0.0 if initial_bias is not None else (x.shape[1] * kernel * kernel) ** -0.5
        weight = self._parameter("conv/W", lambda: _uniform(shape, limit))
        bias = np.zeros(out_maps, np.float32) if initial_bias is None else initial_bias
        return F.conv2d(x, weight, self._parameter("conv/b", lambda: bias), padding=pad)

    def batch_normalization(self, x: torch.Tensor) -> torch.Tensor:
        zeros, ones = (np.full((1, x.shape[1], 1, 1), v, np.float32) for v in (0, 1))
        mean, beta = (self._parameter(f"bn/{k}", lambda: zeros) for k in ("mean", "beta"))
        variance, gamma = (self._parameter(f"bn/{k}", lambda: ones) for k in ("var", "gamma"))
        statistics = mean.flatten(), variance.flatten()
        return F.batch_norm(x, *statistics, gamma.flatten(), beta.flatten(), eps=_EPSILON)

    def constant(self, array: FloatArray) -> torch.Tensor:
        return torch.tensor(array, dtype=torch.float32, device=self.device)

    def constant_of(self, make: Callable[..., FloatArray], *arguments: Hashable) -> torch.Tensor:
        key = (make, *arguments)
        if key not in self.constants:
            self.constants[key] = self.constant(make(*arguments))
        return self.constants[key]

    def _parameter(self, name: str, make: Callable[[], FloatArray]) -> torch.Tensor:
        full = f"{self.path}{name}"
        if full not in self.values:
            self.values[full] = self.constant(make())
        return self.values[full]


def _uniform(shape: tuple[int, ...], limit: float) -> FloatArray:
    """Values between -limit and limit, the same for the same shape."""
    return np.random.default_rng(shape).uniform(-limit, limit, shape).astype(np.float32)
