"""One exported graph that a library has opened: inputs are written, it runs, outputs are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from fomm_core.motion.keypoints import FloatArray


class GraphStage(ABC):
    """A stage with memory for its inputs and outputs, all float32 with a batch axis of length 1.

    Each input is either written or taken, always the same way.

    Attributes:
        name: the stage's name, under which its time is measured.
        shapes: the shapes of inputs and outputs by name.
    """

    name: str
    shapes: Mapping[str, tuple[int, ...]]

    @abstractmethod
    def write(self, name: str, array: FloatArray) -> None:
        """Give an input its values for the runs to come.

        Args:
            name: the input's.
            array: of the input's shape; it may be read where it lies, and has to stay as it is
                until the input is written again.
        """

    @abstractmethod
    def take(self, name: str, tensor: Any) -> None:
        """Let an input be a tensor that :meth:`output` or :meth:`keep` of a stage gave."""

    @abstractmethod
    def run(self) -> None:
        """Compute the outputs."""

    @abstractmethod
    def output(self, name: str) -> Any:
        """The library's tensor of an output, where each run writes it."""

    @abstractmethod
    def keep(self, name: str) -> Any:
        """The library's tensor of an output as the last run wrote it; later runs leave it alone."""

    @abstractmethod
    def read(self, name: str) -> FloatArray:
        """A copy of an output without its batch axis."""

    def shares(self) -> Mapping[str, float]:
        """The fraction of its time by stage, where several run as this one; they add up to 1."""
        return {self.name: 1.0}
