"""Measuring answers against the true ones.

Expressions are measured against the same frames without them. With t the difference that an
expression makes to the true answer, and g the one that it makes to the given answer, within the
region of eyes or mouth, sum(t * g) / sum(t * t) is the share of it that was transferred.
Otherwise the pose would flatter models that do not blink.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fomm_core.errors import MediaError
from fomm_core.image import ByteArray, to_network
from fomm_core.loading import Model
from fomm_core.motion.keypoints import FloatArray
from fomm_core.motion.transfer import MotionMode
from fomm_eval.benchmark.dataset import Benchmark, BenchmarkCase, ExpressionFiles, read_frame
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

_EXAMPLES = 4


@dataclass(frozen=True, eq=False)
class Example:
    """A frame of a case to look at; all images (H, W, 3) uint8."""

    name: str
    source: ByteArray
    driving: ByteArray
    target: ByteArray
    answer: ByteArray


@dataclass(frozen=True, eq=False)
class MethodResult:
    """What is said of one answerer.

    Attributes:
        name: of the answerer.
        scores: with one clip for each case.
    """

    name: str
    scores: Scores


@dataclass(frozen=True, eq=False)
class BenchmarkResult:
    """The outcome of a benchmark.

    Attributes:
        benchmark: what was answered to.
        motion: how the model transferred keypoints.
        answers: of the model first.
        examples: some frames of the model.
        worst: the model's worst frames by L1.
    """

    benchmark: Benchmark
    motion: MotionMode
    answers: tuple[MethodResult, ...]
    examples: tuple[Example, ...]
    worst: tuple[WorstFrame, ...]


def measure(
    model: Model,
    benchmark: Benchmark,
    *,
    motion: MotionMode = "relative",
    on_progress: Callable[[], None] | None = None,
) -> BenchmarkResult:
    """Measure a model, copying the source, and copying the driving frames.

    Args:
        model: its frames have the benchmark's size.
        benchmark: to answer to.
        motion: how the model transfers keypoints.
        on_progress: called after every frame.

    Raises:
        MediaError: a file cannot be read, or the model has another frame size.
    """
    if model.frame_size != (benchmark.size, benchmark.size):
        height, width = model.frame_size
        raise MediaError(
            f"{benchmark.folder}: expected frames of the model's size, {width}x{height}, found "
            f"{benchmark.size}x{benchmark.size}; write it with that size"
        )
    answerers: tuple[Method, ...] = (ModelMethod(model, motion), CopySource(), CopyDriving())
    worst = WorstFrames(L1)
    results, examples = [], []
    for number, answerer in enumerate(answerers):
        clips = []
        for case in benchmark.cases:
            runner = _CaseRun(model, answerer, case, benchmark.size, on_progress)
            clips.append(runner.scores(with_truth=number == 0))
            if number == 0:
                runner.offer_worst(worst)
                examples.append(runner.example())
        results.append(MethodResult(answerer.name, Scores(tuple(clips))))
    chosen = tuple(examples[:_EXAMPLES])
    return BenchmarkResult(benchmark, motion, tuple(results), chosen, worst.frames)


class _CaseRun:
    """One answerer on one case, whose frames are few enough to be kept."""

    def __init__(
        self,
        model: Model,
        answerer: Method,
        case: BenchmarkCase,
        size: int,
        on_progress: Callable[[], None] | None,
    ) -> None:
        self._model, self._answerer, self._case, self._size = model, answerer, case, size
        self._on_progress = on_progress
        self._source = read_frame(case.source, size)
        self._driving = [read_frame(path, size) for path in case.driving]
        self._targets = [read_frame(path, size) for path in case.target]
        self._answers = list(self._watched(answerer.answer(self._source, self._driving)))

    def scores(self, *, with_truth: bool) -> ClipScores:
        """The scores of all frames.

        Args:
            with_truth: also compare the model's keypoints with the true ones.
        """
        eyes = self._expression(self._case.blink)
        mouth = self._expression(self._case.mouth)
        truth = self._case.read_truth() if with_truth else None
        table = ScoreTable(self._case.name, METRICS)
        for index, (answer, target) in enumerate(zip(self._answers, self._targets, strict=True)):
            table.append(
                (
                    FrameScore(l1_distance(target, answer)),
                    FrameScore(psnr(target, answer)),
                    eyes.get(index, NO_SCORE),
                    mouth.get(index, NO_SCORE),
                    FrameScore(self._distance(self._detect(answer), self._detect(target))),
                    self._off_truth(truth, index),
                )
            )
        return table.finish()

    def offer_worst(self, worst: WorstFrames) -> None:
        """Show the frames to what keeps the worst ones."""
        for index, (answer, target) in enumerate(zip(self._answers, self._targets, strict=True)):
            worst.offer(self._case.name, index, l1_distance(target, answer), target, answer)

    def example(self) -> Example:
        """The frame in the middle."""
        index = len(self._answers) // 2
        return Example(
            f"case {self._case.name}, frame {index}",
            self._source,
            self._driving[index],
            self._targets[index],
            self._answers[index],
        )

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
        answers = self._answerer.answer(self._source, [self._driving[0], *plain])
        next(answers)
        found = {}
        for each, answer in zip(files, self._watched(answers), strict=True):
            region = each.read_region()
            true = _change(self._targets[each.index], read_frame(each.target, self._size), region)
            given = _change(self._answers[each.index], answer, region)
            total = float(np.sum(true * true, dtype=np.float64))
            if total > 0:
                shared = float(np.sum(true * given, dtype=np.float64))
                found[each.index] = FrameScore(shared / total, total)
        return found

    def _off_truth(self, truth: FloatArray | None, index: int) -> FrameScore:
        """How far off the model's keypoints are, where it has as many as are known."""
        if truth is None:
            return NO_SCORE
        found = self._detect(self._driving[index])
        if found.shape != truth[index].shape:
            return NO_SCORE
        return FrameScore(self._distance(found, truth[index]))

    def _detect(self, frame: ByteArray) -> FloatArray:
        return self._model.engine.detect(to_network(frame)).value

    @staticmethod
    def _distance(one: FloatArray, other: FloatArray) -> float:
        """Mean Euclidean distance of keypoints in [-1, 1], in pixels at 256x256."""
        scale = (REFERENCE_SIDE - 1) / 2
        return float(np.mean(np.linalg.norm(one - other, axis=1))) * scale


def _change(with_it: ByteArray, without: ByteArray, region: FloatArray) -> FloatArray:
    """What an expression changes within a region, (H, W, 3) float32."""
    off = np.subtract(with_it, without, dtype=np.int16).astype(np.float32)
    change: FloatArray = off * region
    return change
