"""Metrics of methods on the cross-identity benchmark, where the true answers are known.

Expressions are measured against the same frames without them. With t the difference that an
expression makes to the true answer, and g the one that it makes to the prediction, within the
region of eyes or mouth, sum(t * g) / sum(t * t) is the share of it that was transferred.
Otherwise the pose would flatter models that do not blink.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fomm_core.benchmark_format import Benchmark, CaseFiles, ExpressionFiles, read_frame
from fomm_core.errors import MediaError
from fomm_core.image import ByteArray, to_network
from fomm_core.loading import Model
from fomm_core.motion.keypoints import FloatArray
from fomm_core.motion.transfer import MotionMode
from fomm_eval.benchmark.methods import CopyDriving, CopySource, Method, ModelMethod
from fomm_eval.comparison.scores import NO_SCORE, ClipScores, FrameScore, Scores, ScoreTable
from fomm_eval.comparison.worst import WorstFrame, WorstFrames
from fomm_eval.metrics import L1, PSNR, Metric, l1_distance, psnr
from fomm_eval.metrics.faces import REFERENCE_SIDE

EYES = Metric("eyes", "higher", "", "share of a blink that is transferred; 1 is all of it")
MOUTH = Metric("mouth", "higher", "", "share of opening the mouth that is transferred")
POSE_ERROR = Metric(
    "pose error",
    "lower",
    "px",
    "distance of the model's keypoints in the answer from those in the true answer, at 256x256",
)
KEYPOINT_ERROR = Metric(
    "keypoint error",
    "lower",
    "px",
    "distance of the model's keypoints in driving frames from the true ones, at 256x256",
)
METRICS = (L1, PSNR, EYES, MOUTH, POSE_ERROR, KEYPOINT_ERROR)
"""The metrics of a benchmark of avatars, in the order of reports."""

_OF_EXPRESSIONS = {"blink": EYES, "mouth": MOUTH}

_EXAMPLES = 4


@dataclass(frozen=True, eq=False)
class Example:
    """A frame of a case to look at; all images (H, W, 3) uint8."""

    name: str
    source: ByteArray
    driving: ByteArray
    target: ByteArray
    prediction: ByteArray


@dataclass(frozen=True, eq=False)
class MethodResult:
    """The figures of one method.

    Attributes:
        name: of the method.
        scores: with one clip for each case.
    """

    name: str
    scores: Scores


@dataclass(frozen=True, eq=False)
class BenchmarkResult:
    """The outcome of a benchmark.

    Attributes:
        benchmark: the cases.
        motion: how the model transferred keypoints.
        methods: the model first, then the baselines.
        examples: some frames of the model.
        worst: the model's worst frames by L1.
    """

    benchmark: Benchmark
    motion: MotionMode
    methods: tuple[MethodResult, ...]
    examples: tuple[Example, ...]
    worst: tuple[WorstFrame, ...]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics, in the order of reports."""
        return self.methods[0].scores.metrics


def measure(
    model: Model,
    benchmark: Benchmark,
    *,
    motion: MotionMode = "relative",
    on_progress: Callable[[], None] | None = None,
) -> BenchmarkResult:
    """Measure a model and the baselines: copying the source, and copying the driving frames.

    Args:
        model: its frames have the benchmark's size.
        benchmark: the cases.
        motion: how the model transfers keypoints.
        on_progress: called after every frame.

    Raises:
        MediaError: a file cannot be read, or the model has another frame size.
    """
    size = benchmark.settings.size
    if model.frame_size != (size, size):
        height, width = model.frame_size
        raise MediaError(
            f"{benchmark.folder}: expected frames of the model's size, {width}x{height}, found "
            f"{size}x{size}; write it with that size"
        )
    methods: tuple[Method, ...] = (ModelMethod(model, motion), CopySource(), CopyDriving())
    worst = WorstFrames(L1)
    results, examples = [], []
    for number, method in enumerate(methods):
        clips = []
        for case in benchmark.cases:
            run = _CaseRun(model, method, case, benchmark, on_progress)
            clips.append(run.scores(with_ground_truth=number == 0))
            if number == 0:
                run.add_worst(worst)
                examples.append(run.example())
        results.append(MethodResult(method.name, Scores(tuple(clips))))
    chosen = tuple(examples[:_EXAMPLES])
    return BenchmarkResult(benchmark, motion, tuple(results), chosen, worst.frames)


def metrics_of(benchmark: Benchmark) -> tuple[Metric, ...]:
    """The metrics of a benchmark in the order of reports, one for each of its expressions."""
    expressions = (_expression_metric(name) for name in benchmark.expression_names)
    return (L1, PSNR, *expressions, POSE_ERROR, KEYPOINT_ERROR)


def _expression_metric(name: str) -> Metric:
    described = Metric(name, "higher", "", f"share of {name} that is transferred; 1 is all of it")
    return _OF_EXPRESSIONS.get(name, described)


class _CaseRun:
    """One method on one case, whose frames are few enough to be kept."""

    def __init__(
        self,
        model: Model,
        method: Method,
        case: CaseFiles,
        benchmark: Benchmark,
        on_progress: Callable[[], None] | None,
    ) -> None:
        self._model, self._method, self._case = model, method, case
        self._benchmark, self._on_progress = benchmark, on_progress
        self._size = size = benchmark.settings.size
        self._source = read_frame(case.source, size)
        self._driving = [read_frame(path, size) for path in case.driving]
        self._targets = [read_frame(path, size) for path in case.target]
        self._predictions = list(self._watched(method.animate(self._source, self._driving)))

    def scores(self, *, with_ground_truth: bool) -> ClipScores:
        """The scores of all frames.

        Args:
            with_ground_truth: also compare the model's keypoints with the true ones.
        """
        expressions = [
            self._expression(self._case.expression(name))
            for name in self._benchmark.expression_names
        ]
        ground_truth = self._case.read_ground_truth().value if with_ground_truth else None
        table = ScoreTable(self._case.name, metrics_of(self._benchmark))
        for index, (prediction, target) in enumerate(self._pairs()):
            table.append(
                (
                    FrameScore(l1_distance(target, prediction)),
                    FrameScore(psnr(target, prediction)),
                    *(scores.get(index, NO_SCORE) for scores in expressions),
                    FrameScore(self._distance(self._detect(prediction), self._detect(target))),
                    self._keypoint_error(ground_truth, index),
                )
            )
        return table.finish()

    def add_worst(self, worst: WorstFrames) -> None:
        """Show the frames to the collection of the worst ones."""
        for index, (prediction, target) in enumerate(self._pairs()):
            error = l1_distance(target, prediction)
            worst.add(self._case.name, index, error, target, prediction)

    def example(self) -> Example:
        """The frame in the middle."""
        index = len(self._predictions) // 2
        return Example(
            f"case {self._case.name}, frame {index}",
            self._source,
            self._driving[index],
            self._targets[index],
            self._predictions[index],
        )

    def _pairs(self) -> Iterator[tuple[ByteArray, ByteArray]]:
        """Predictions and true answers, frame by frame."""
        return zip(self._predictions, self._targets, strict=True)

    def _watched(self, frames: Iterator[ByteArray]) -> Iterator[ByteArray]:
        for frame in frames:
            yield frame
            if self._on_progress is not None:
                self._on_progress()

    def _expression(self, files: Sequence[ExpressionFiles]) -> dict[int, FrameScore]:
        """By number of the frame, the share transferred, weighted by how much there is."""
        if not files:
            return {}
        plain = [read_frame(each.driving, self._size) for each in files]
        # The first driving frame leads, since relative motion refers to it.
        predictions = self._method.animate(self._source, [self._driving[0], *plain])
        next(predictions)
        found = {}
        for each, prediction in zip(files, self._watched(predictions), strict=True):
            region = each.read_region()
            true = _change(self._targets[each.index], read_frame(each.target, self._size), region)
            given = _change(self._predictions[each.index], prediction, region)
            total = float(np.sum(true * true, dtype=np.float64))
            if total > 0:
                shared = float(np.sum(true * given, dtype=np.float64))
                found[each.index] = FrameScore(shared / total, total)
        return found

    def _keypoint_error(self, ground_truth: FloatArray | None, index: int) -> FrameScore:
        """Distance of the model's keypoints from the true ones, where it has as many as these."""
        if ground_truth is None:
            return NO_SCORE
        found = self._detect(self._driving[index])
        if found.shape != ground_truth[index].shape:
            return NO_SCORE
        return FrameScore(self._distance(found, ground_truth[index]))

    def _detect(self, frame: ByteArray) -> FloatArray:
        return self._model.engine.detect(to_network(frame)).value

    @staticmethod
    def _distance(one: FloatArray, other: FloatArray) -> float:
        """Mean Euclidean distance of keypoints in [-1, 1], in pixels at 256x256."""
        scale = (REFERENCE_SIDE - 1) / 2
        return float(np.mean(np.linalg.norm(one - other, axis=1))) * scale


def _change(with_it: ByteArray, without: ByteArray, region: FloatArray) -> FloatArray:
    """Difference that an expression makes within a region, (H, W, 3) float32."""
    off = np.subtract(with_it, without, dtype=np.int16).astype(np.float32)
    change: FloatArray = off * region
    return change
