"""Functions of NNabla's graph that are written in Python, and where they leave gradients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from nnabla.function import PythonFunction


class CustomFunction(PythonFunction):  # type: ignore[misc]
    """A function written in Python with one output, which its gradients do not need."""

    def __init__(self) -> None:
        super().__init__(None)

    @property
    def name(self) -> str:
        """Name for profilers."""
        return type(self).__name__.lstrip("_")

    def min_outputs(self) -> int:
        """One output."""
        return 1

    def grad_depends_output_data(self, i: int, o: int) -> bool:
        """No gradient needs the output."""
        return False


def store(
    gradient: npt.NDArray[np.float32], value: npt.NDArray[np.float32], accumulate: bool
) -> None:
    """Write a gradient of an NNabla function, or add it to what other functions have left."""
    if accumulate:
        gradient += value
    else:
        gradient[...] = value
