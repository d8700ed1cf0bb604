"""Parameters by name, which begin with the values that NNabla draws from the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from fomm_core.motion.keypoints import FloatArray
from fomm_core.network.first_values import Draw

MakeArray = Callable[..., FloatArray]


class ParameterStore:
    """The parameters of all networks, and the constants that the networks need.

    Args:
        device: where they live.

    Attributes:
        values: by name in the order of creation; what is not trained needs no gradient.
        is_recording: whether forward passes move running statistics and singular vectors.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.values: dict[str, torch.Tensor] = {}
        self.is_recording = True
        self._random = np.random.RandomState()
        self._constants: dict[tuple[Any, ...], torch.Tensor] = {}

    def seed(self, seed: int) -> None:
        """Draw the parameters that are made from now on by this seed alone."""
        self._random = np.random.RandomState(seed)

    def find(
        self,
        name: str,
        draw: Draw,
        trained: bool = True,
    ) -> torch.Tensor:
        """The parameter of this name; drawn where it does not exist."""
        if name not in self.values:
            value = self.to_tensor(draw(self._random))
            self.values[name] = value.requires_grad_(trained)
        return self.values[name]

    def constant_of(self, make: MakeArray, *arguments: Any) -> torch.Tensor:
        """The constant that a function makes of arguments; made once."""
        key = (make, *arguments)
        if key not in self._constants:
            self._constants[key] = self.to_tensor(make(*arguments))
        return self._constants[key]

    def to_tensor(self, array: FloatArray) -> torch.Tensor:
        """A copy of an array on the device, float32."""
        return torch.tensor(array, dtype=torch.float32, device=self.device)

    @contextmanager
    def declaring(self) -> Iterator[None]:
        """Make parameters in the block: without gradients, and with nothing recorded."""
        self.is_recording = False
        try:
            with torch.no_grad():
                yield
        finally:
            self.is_recording = True
