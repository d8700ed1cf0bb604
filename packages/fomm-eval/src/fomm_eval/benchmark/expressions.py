"""Shares of expressions that are transferred, such as of a blink.

They are measured against the same frames without the expression. With t the difference that it
makes to the true answer, and g the one that it makes to the prediction, within the region of
eyes or mouth, sum(t * g) / sum(t * t) is the share of it that was transferred. Otherwise the
pose would flatter models that do not blink.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from fomm_core.benchmark_format import ExpressionFiles, read_frame
from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray
from fomm_eval.benchmark.frames import CaseFrames
from fomm_eval.benchmark.methods import Method
from fomm_eval.comparison.scores import FrameScore
from fomm_eval.metrics import Metric

EYES = Metric("eyes", "higher", "", "share of a blink that is transferred; 1 is all of it")
MOUTH = Metric("mouth", "higher", "", "share of opening the mouth that is transferred")

_OF_EXPRESSIONS = {"blink": EYES, "mouth": MOUTH}


def expression_metrics(names: Iterable[str]) -> tuple[Metric, ...]:
    """The metrics of expressions, which are named as in the benchmark's files."""
    return tuple(_OF_EXPRESSIONS.get(name, _described(name)) for name in names)


def expression_scores(
    frames: CaseFrames,
    method: Method,
    predictions: Sequence[ByteArray],
    files: Sequence[ExpressionFiles],
) -> dict[int, FrameScore]:
    """By number of the frame, the share transferred, weighted by how much there is.

    Args:
        frames: those of the case.
        method: makes the same frames without the expression.
        predictions: its frames with it.
        files: the frames that have the expression.
    """
    if not files:
        return {}
    size = len(frames.source)
    plain = [read_frame(each.driving, size) for each in files]
    # The first driving frame leads, since relative motion refers to it.
    without = method.animate(frames.source, [frames.driving[0], *plain])
    next(without)
    found = {}
    for each, prediction in zip(files, without, strict=True):
        region = each.read_region()
        true = _change(frames.target[each.index], read_frame(each.target, size), region)
        given = _change(predictions[each.index], prediction, region)
        total = float(np.sum(true * true, dtype=np.float64))
        if total > 0:
            shared = float(np.sum(true * given, dtype=np.float64))
            found[each.index] = FrameScore(shared / total, total)
    return found


def _described(name: str) -> Metric:
    return Metric(name, "higher", "", f"share of {name} that is transferred; 1 is all of it")


def _change(with_it: ByteArray, without: ByteArray, region: FloatArray) -> FloatArray:
    """Difference that an expression makes within a region, (H, W, 3) float32."""
    off = np.subtract(with_it, without, dtype=np.int16).astype(np.float32)
    change: FloatArray = off * region
    return change
