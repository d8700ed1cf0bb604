"""Moving averages in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from fomm_core.model.parameters import Parameters
from fomm_train.backend.averaging import MovingAverages


class TorchAverages(MovingAverages):
    """Averages beside the parameters, on their device; all are moved at once.

    Args:
        parameters: what is averaged.
        values: what the averages begin with; they are copied.
    """

    def __init__(self, parameters: Mapping[str, torch.Tensor], values: Parameters) -> None:
        self._parameters = [parameter.detach() for parameter in parameters.values()]
        self._averages = {
            name: torch.tensor(values[name], dtype=torch.float32, device=parameter.device)
            for name, parameter in parameters.items()
        }

    def move(self, share: float) -> None:
        torch._foreach_lerp_(list(self._averages.values()), self._parameters, share)

    def read(self) -> Parameters:
        return {name: np.array(value.cpu().numpy()) for name, value in self._averages.items()}
