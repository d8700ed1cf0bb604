"""Running statistics of batch normalisation, estimated anew for parameters that stand still.

While training, running statistics lag behind parameters that change, and averaged parameters
have had none of their own. Estimated anew for what is exported, they leave much less error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from fomm_core.model.parameters import Parameters
from fomm_core.network.operations import Operations

_STATISTICS = ("/bn/mean", "/bn/var")


def reestimate_statistics(
    ops: Operations, parameters: Parameters, passes: Iterator[Callable[[], None]]
) -> Parameters:
    """Estimate the running statistics of given parameters as means over forward passes.

    The live parameters are those from before again in the end.

    Args:
        ops: what holds the parameters and runs the passes.
        parameters: by name; all that the networks have.
        passes: each computes the networks on another batch, and records its statistics.

    Returns:
        The same parameters with new statistics; those that no pass records stay.
    """
    names = [name for name in parameters if name.endswith(_STATISTICS)]
    with _in_place(ops, parameters):
        sums = {name: np.zeros_like(parameters[name], np.float64) for name in names}
        shares: dict[str, float] = {}
        count = 0
        for run in passes:
            found = _record(ops, names, run, 0.0)
            if not shares:
                shares = _recorded_shares(found, _record(ops, names, run, 1.0))
            for name in names:
                sums[name] += found[name]
            count += 1
    means = {n: sums[n] / (count * share) for n, share in shares.items() if share > 0}
    return {**parameters, **{name: mean.astype(np.float32) for name, mean in means.items()}}


def _record(
    ops: Operations, names: list[str], run: Callable[[], None], before: float
) -> Parameters:
    """The statistics after one pass that finds them all at one number."""
    own = ops.parameters()
    for name in names:
        ops.write(own[name], np.full(own[name].shape, before, np.float32))
    run()
    return {name: ops.read(own[name]) for name in names}


def _recorded_shares(from_zero: Parameters, from_one: Parameters) -> dict[str, float]:
    """The share that a pass records of each of its statistics; 0 where it records none.

    Networks that run several times in a pass record several times: what was there before is
    left over as the difference of two passes of one batch.
    """
    return {
        name: round(1 - float(np.mean(from_one[name] - from_zero[name], dtype=np.float64)), 5)
        for name in from_zero
    }


@contextmanager
def _in_place(ops: Operations, parameters: Parameters) -> Iterator[None]:
    """Give the networks other parameters within a block."""
    own = ops.parameters()
    before = {name: ops.read(tensor) for name, tensor in own.items()}
    try:
        for name, value in parameters.items():
            ops.write(own[name], value)
        yield
    finally:
        for name, value in before.items():
            ops.write(own[name], value)
