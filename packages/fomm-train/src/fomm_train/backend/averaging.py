"""Moving averages of parameters, kept where a backend is quickest at them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

from fomm_core.model.parameters import Parameters
from fomm_core.network.operations import Operations, Tensor


class MovingAverages(ABC):
    """Averages of some parameters, by name."""

    @abstractmethod
    def move(self, share: float) -> None:
        """Move the averages towards the parameters' present values, by a share in [0, 1]."""

    @abstractmethod
    def read(self) -> Parameters:
        """Copies of the averages, float32."""


class HostAverages(MovingAverages):
    """Averages in the memory of the host, to which parameters are copied.

    Args:
        ops: what reads the parameters.
        parameters: what is averaged.
        values: what the averages begin with; they are copied.
    """

    def __init__(
        self, ops: Operations, parameters: Mapping[str, Tensor], values: Parameters
    ) -> None:
        self._ops = ops
        self._parameters = parameters
        self._values = {name: np.array(values[name], np.float32) for name in parameters}

    def move(self, share: float) -> None:
        for name, parameter in self._parameters.items():
            average = self._values[name]
            average += np.float32(share) * (self._ops.read(parameter) - average)

    def read(self) -> Parameters:
        return {name: average.copy() for name, average in self._values.items()}
