"""Names and units of the metrics, and which way they are better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """A figure that every frame has.

    Attributes:
        name: short name, as in the paper.
        better: whether lower or higher is better.
        unit: of the values; empty for plain numbers.
        description: one line for reports.
    """

    name: str
    better: Literal["lower", "higher"]
    unit: str
    description: str

    @property
    def title(self) -> str:
        """The name with the unit."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


L1 = Metric("L1", "lower", "", "mean absolute difference of frames in [0, 1]")
PSNR = Metric("PSNR", "higher", "dB", "peak signal-to-noise ratio, at most 100")
SSIM = Metric("SSIM", "higher", "", "structural similarity, Gaussian window of 11 pixels")
AKD = Metric("AKD", "lower", "px", "mean landmark distance per axis, in pixels at 256x256")
MKR = Metric("MKR", "lower", "", "share of real landmarks missing in the generated frames")
AED = Metric("AED", "lower", "", "squared distance of identity embeddings")
