"""Averaged parameters, which are exported in the place of those of the last step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fomm_core.model.parameters import Parameters
from fomm_core.network.operations import Operations, Tensor
from fomm_train.backend.solvers import Network

_WARM_UP = 10

_AVERAGED = tuple(f"{network.value}/" for network in (Network.GENERATOR, Network.KP_DETECTOR))


class AveragedParameters:
    """Exponential moving averages of parameters over the steps (Polyak and Juditsky 1992).

    Early averages forget faster: update n, counted from 1, leaves at most the share
    (1 + n) / (10 + n) in place, so that random beginnings are soon gone.

    Args:
        values: what the averages begin with; changed in place later on.
        updates: number of steps that they are of.
    """

    def __init__(self, values: Parameters, updates: int = 0) -> None:
        self.values = values
        self.updates = updates

    @classmethod
    def begin(cls, ops: Operations) -> AveragedParameters:
        """Begin with the present values of generator and keypoint detector."""
        return cls({name: ops.read(tensor) for name, tensor in _averaged(ops).items()})

    def update(self, ops: Operations, decay: float) -> None:
        """Take in what the parameters have become by a step.

        Args:
            ops: what holds the parameters.
            decay: share of the averages that is left in place, in [0, 1).
        """
        self.updates += 1
        kept = min(decay, (1 + self.updates) / (_WARM_UP + self.updates))
        share = np.float32(1 - kept)
        for name, tensor in _averaged(ops).items():
            average = self.values[name]
            average += share * (ops.read(tensor) - average)


def _averaged(ops: Operations) -> Mapping[str, Tensor]:
    """The parameters of all networks but the discriminator, running statistics included."""
    return {name: p for name, p in ops.parameters().items() if name.startswith(_AVERAGED)}
