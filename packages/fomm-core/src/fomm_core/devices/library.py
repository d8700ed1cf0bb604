"""A library that computes on accelerators, as a trial uses it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from fomm_core.devices.computation import TrialInputs, TrialValues


@dataclass(frozen=True)
class FoundDevice:
    """A device that a library knows.

    Attributes:
        name: the library's own name for it, such as ``"cuda:0"``.
        model: name of the hardware, such as ``"NVIDIA H200"``; empty where the library knows none.
    """

    name: str
    model: str = ""


class DeviceLibrary(ABC):
    """Finds devices and computes on them; either may raise anything, crash, or never return."""

    @abstractmethod
    def find(self) -> Sequence[FoundDevice]:
        """Find the accelerators that the library sees; none of them is the CPU."""

    @abstractmethod
    def compute(self, device: str, inputs: TrialInputs) -> TrialValues:
        """Compute on the device of a name what :func:`~.computation.compute_on_cpu` computes."""

    def speedup(self, device: str) -> float:
        """Measure how many times as fast as the library's own CPU it is; 0 is not measured."""
        return 0.0
