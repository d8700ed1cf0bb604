"""Averaged parameters, which are exported in the place of those of the last step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fomm_core.model.parameters import Parameters
from fomm_core.network.operations import Tensor
from fomm_train.backend.base import TrainingOperations
from fomm_train.backend.solvers import Network

_WARM_UP = 10

_AVERAGED = tuple(f"{network.value}/" for network in (Network.GENERATOR, Network.KP_DETECTOR))


@dataclass(frozen=True, eq=False)
class Averages:
    """The averages at one moment.

    Attributes:
        values: by name, float32.
        updates: number of steps that they are of.
    """

    values: Parameters
    updates: int = 0


class AveragedParameters:
    """Exponential moving averages of parameters over the steps (Polyak and Juditsky 1992).

    Early averages forget faster: update n, counted from 1, leaves at most the share
    (1 + n) / (10 + n) in place, so that random beginnings are soon gone.

    Args:
        ops: what holds the parameters.
        saved: the averages to go on with; ``None`` to begin with the present values of generator
            and keypoint detector.
    """

    def __init__(self, ops: TrainingOperations, saved: Averages | None = None) -> None:
        parameters = _averaged(ops)
        if saved is None:
            saved = Averages({name: ops.read(tensor) for name, tensor in parameters.items()})
        self._averages = ops.make_averages(parameters, saved.values)
        self._updates = saved.updates

    def update(self, decay: float) -> None:
        """Take in what the parameters have become by a step.

        Args:
            decay: share of the averages that is left in place, in [0, 1).
        """
        self._updates += 1
        kept = min(decay, (1 + self._updates) / (_WARM_UP + self._updates))
        self._averages.move(1 - kept)

    def read(self) -> Averages:
        """A copy of the averages as they are now."""
        return Averages(self._averages.read(), self._updates)


def _averaged(ops: TrainingOperations) -> Mapping[str, Tensor]:
    """The parameters of all networks but the discriminator, running statistics included."""
    return {name: p for name, p in ops.parameters().items() if name.startswith(_AVERAGED)}
