"""Figures of the cross-identity benchmark, and the trivial answers to compare with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fomm_core.keypoints import FloatArray
from fomm_train.avatars.benchmark import BenchmarkCase


def expression_response(
    generated_with: FloatArray,
    generated_without: FloatArray,
    true_with: FloatArray,
    true_without: FloatArray,
    region: FloatArray,
) -> float:
    """How much of an expression was transferred: 1 is all of it, 0 none.

    With t and g the differences that the expression makes to the true and to the generated
    frames within the region, this is sum(t * g) / sum(t * t), the share of t found in g.

    Args:
        generated_with, generated_without: (..., 3, H, W), what a model made of the driving
            frames with and without the expression.
        true_with, true_without: (..., 3, H, W), the true answers to both.
        region: (..., 1, H, W) in [0, 1], where to look.

    Raises:
        ValueError: there is nothing to transfer: no frames, or true answers that are equal.
    """
    return ExpressionSums.of(
        generated_with, generated_without, true_with, true_without, region
    ).response


@dataclass(frozen=True)
class ExpressionSums:
    """The two sums of :func:`expression_response`, to be added up over cases.

    Attributes:
        shared: sum(t * g).
        total: sum(t * t).
        frames: number of frames they come from.
    """

    shared: float = 0.0
    total: float = 0.0
    frames: int = 0

    @classmethod
    def of(
        cls,
        generated_with: FloatArray,
        generated_without: FloatArray,
        true_with: FloatArray,
        true_without: FloatArray,
        region: FloatArray,
    ) -> ExpressionSums:
        """The sums of some frames; arguments as of :func:`expression_response`."""
        true = (true_with - true_without) * region
        generated = (generated_with - generated_without) * region
        return cls(
            float(np.sum(true * generated, dtype=np.float64)),
            float(np.sum(true * true, dtype=np.float64)),
            int(np.prod(true.shape[:-3])),
        )

    def __add__(self, other: ExpressionSums) -> ExpressionSums:
        return ExpressionSums(
            self.shared + other.shared, self.total + other.total, self.frames + other.frames
        )

    @property
    def response(self) -> float:
        """The share transferred, see :func:`expression_response`.

        Raises:
            ValueError: there is nothing to transfer.
        """
        if not self.total > 0.0:
            raise ValueError(
                f"expression response: expected true answers that differ, found none "
                f"in {self.frames} frames"
            )
        return self.shared / self.total


def copy_source(case: BenchmarkCase) -> FloatArray:
    """The trivial answer (T, 3, H, W): the source, whatever the driving frame shows."""
    return np.broadcast_to(case.source, case.target.shape)


def copy_driving(case: BenchmarkCase) -> FloatArray:
    """The other trivial answer (T, 3, H, W): the driving frames as they are."""
    return case.driving


def mean_error(generated: FloatArray, true: FloatArray) -> float:
    """Mean absolute difference of frames (..., 3, H, W) in [0, 1].

    Raises:
        ValueError: there are no frames.
    """
    if not generated.size:
        raise ValueError("mean error: expected at least one frame, found none")
    return float(np.mean(np.abs(generated - true), dtype=np.float64))
