"""Metrics of methods on the cross-identity benchmark, where the true answers are known."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from fomm_core.benchmark_format import Benchmark, read_labels
from fomm_core.image import ByteArray
from fomm_core.loading import Model
from fomm_core.motion.keypoints import FloatArray
from fomm_core.motion.transfer import MotionMode
from fomm_eval.benchmark.expressions import (
    EYES,
    MOUTH,
    expression_metrics,
    expression_scores,
)
from fomm_eval.benchmark.frames import CaseFrames
from fomm_eval.benchmark.methods import CopyDriving, CopySource, Method, ModelMethod
from fomm_eval.benchmark.regions import regions_of
from fomm_eval.comparison.scores import NO_SCORE, ClipScores, FrameScore, Scores, ScoreTable
from fomm_eval.comparison.worst import WorstFrame, WorstFrames
from fomm_eval.metrics import L1, PSNR, Metric, l1_distance, psnr
from fomm_eval.metrics.faces import REFERENCE_SIDE

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
"""The metrics of a benchmark of drawn avatars, in the order of reports."""

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
        model: takes the benchmark's frames in its own size; its answers are compared in theirs.
        benchmark: the cases.
        motion: how the model transfers keypoints.
        on_progress: called after every frame.

    Raises:
        MediaError: a file cannot be read.
    """
    methods: tuple[Method, ...] = (ModelMethod(model, motion), CopySource(), CopyDriving())
    clips: list[list[ClipScores]] = [[] for _ in methods]
    worst = WorstFrames(L1)
    examples = []
    for case in benchmark.cases:
        frames = CaseFrames(model, case, benchmark.settings.size)
        for number, method in enumerate(methods):
            run = _CaseRun(frames, method, benchmark, on_progress)
            clips[number].append(run.scores(with_ground_truth=number == 0))
            if number == 0:
                run.add_worst(worst)
                examples.append(run.example())
    results = (
        MethodResult(method.name, Scores(tuple(found)))
        for method, found in zip(methods, clips, strict=True)
    )
    chosen = tuple(examples[:_EXAMPLES])
    return BenchmarkResult(benchmark, motion, tuple(results), chosen, worst.frames)


def metrics_of(benchmark: Benchmark) -> tuple[Metric, ...]:
    """The metrics of a benchmark in the order of reports.

    Each of its expressions has one, and so has each region that its label maps show.
    """
    expressions = expression_metrics(benchmark.expression_names)
    regions = (region.metric for region in regions_of(benchmark.settings.label_names))
    return (L1, PSNR, *expressions, *regions, POSE_ERROR, KEYPOINT_ERROR)


class _CaseRun:
    """One method on one case."""

    def __init__(
        self,
        frames: CaseFrames,
        method: Method,
        benchmark: Benchmark,
        on_progress: Callable[[], None] | None,
    ) -> None:
        self._frames, self._benchmark = frames, benchmark
        self._method = _Watched(method, on_progress) if on_progress is not None else method
        self._predictions = list(self._method.animate(frames.source, frames.driving))

    def scores(self, *, with_ground_truth: bool) -> ClipScores:
        """The scores of all frames that count.

        Args:
            with_ground_truth: also compare the model's keypoints with the true ones.
        """
        case = self._frames.case
        expressions = [
            expression_scores(self._frames, self._method, self._predictions, case.expression(name))
            for name in self._benchmark.expression_names
        ]
        ground_truth = case.read_ground_truth().value if with_ground_truth else None
        table = ScoreTable(case.name, metrics_of(self._benchmark))
        for index, prediction, target in self._scored():
            table.append(
                (
                    FrameScore(l1_distance(target, prediction)),
                    FrameScore(psnr(target, prediction)),
                    *(scores.get(index, NO_SCORE) for scores in expressions),
                    *self._region_scores(index),
                    self._pose_error(prediction, target),
                    self._keypoint_error(ground_truth, index),
                )
            )
        return table.finish()

    def add_worst(self, worst: WorstFrames) -> None:
        """Show the frames to the collection of the worst ones."""
        for index, prediction, target in self._scored():
            error = l1_distance(target, prediction)
            worst.add(self._frames.case.name, index, error, target, prediction)

    def example(self) -> Example:
        """The frame in the middle."""
        index = len(self._predictions) // 2
        return Example(
            f"case {self._frames.case.name}, frame {index}",
            self._frames.source,
            self._frames.driving[index],
            self._frames.target[index],
            self._predictions[index],
        )

    def _scored(self) -> Iterator[tuple[int, ByteArray, ByteArray]]:
        """Numbers, predictions and true answers of the frames that count."""
        pairs = zip(self._predictions, self._frames.target, strict=True)
        numbered = ((index, *pair) for index, pair in enumerate(pairs))
        return itertools.islice(numbered, self._benchmark.settings.first_scored, None)

    def _region_scores(self, index: int) -> Iterator[FrameScore]:
        """The errors in the regions of a frame; none of a case without label maps."""
        regions = regions_of(self._benchmark.settings.label_names)
        files = self._frames.case.labels
        if not files:
            yield from (NO_SCORE for _ in regions)
            return
        labels = read_labels(files[index], self._benchmark.settings.size)
        images = (self._frames.target[index], self._frames.source, self._predictions[index])
        yield from (region.score(labels, *images) for region in regions)

    def _pose_error(self, prediction: ByteArray, target: ByteArray) -> FrameScore:
        found, true = self._frames.keypoints(prediction), self._frames.keypoints(target)
        return FrameScore(_distance(found, true))

    def _keypoint_error(self, ground_truth: FloatArray | None, index: int) -> FrameScore:
        """Distance of the model's keypoints from the true ones, where it has as many as these."""
        if ground_truth is None:
            return NO_SCORE
        found = self._frames.keypoints(self._frames.driving[index])
        if found.shape != ground_truth[index].shape:
            return NO_SCORE
        return FrameScore(_distance(found, ground_truth[index]))


@dataclass(frozen=True)
class _Watched:
    """A method whose frames are counted."""

    method: Method
    on_progress: Callable[[], None]

    @property
    def name(self) -> str:
        return self.method.name

    def animate(self, source: ByteArray, driving: Iterable[ByteArray]) -> Iterator[ByteArray]:
        for frame in self.method.animate(source, driving):
            yield frame
            self.on_progress()


def _distance(one: FloatArray, other: FloatArray) -> float:
    """Mean Euclidean distance of keypoints in [-1, 1], in pixels at 256x256."""
    scale = (REFERENCE_SIDE - 1) / 2
    return float(np.mean(np.linalg.norm(one - other, axis=1))) * scale
