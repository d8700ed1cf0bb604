"""Comparing generated clips with real ones, frame by frame, in bounded memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from fomm_core.image import ByteArray, Fit, fit
from fomm_core.motion.keypoints import FloatArray
from fomm_eval.comparison.scores import NO_SCORE, ClipScores, FrameScore, Scores, ScoreTable
from fomm_eval.comparison.worst import WorstFrame, WorstFrames
from fomm_eval.data.clips import ClipPair, Side
from fomm_eval.errors import EvaluationError
from fomm_eval.extractors import Extractor, FrameView, Observation
from fomm_eval.metrics import (
    AED,
    AKD,
    L1,
    MKR,
    PSNR,
    SSIM,
    Metric,
    embedding_distance,
    keypoint_distance,
    l1_distance,
    missing_keypoints,
    psnr,
    ssim,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Extractors:
    """Extractors of landmarks and of identities; one object may do both.

    Attributes:
        landmarks: for AKD and MKR; ``None`` leaves them out.
        identity: for AED; ``None`` leaves it out.
        landmarks_required, identity_required: whether finding nothing in any frame is an
            error, or leaves the metrics without a value.
    """

    landmarks: Extractor | None = None
    identity: Extractor | None = None
    landmarks_required: bool = True
    identity_required: bool = True

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that can be had."""
        found: tuple[Metric, ...] = (L1, PSNR, SSIM)
        if self.landmarks is not None:
            found += (AKD, MKR)
        if self.identity is not None:
            found += (AED,)
        return found

    def observe(self, view: FrameView) -> Observation:
        """Look at a frame, with each extractor once."""
        if self.landmarks is self.identity:
            return Observation() if self.landmarks is None else self.landmarks.observe(view)
        marks = None if self.landmarks is None else self.landmarks.observe(view).landmarks
        who = None if self.identity is None else self.identity.observe(view).embedding
        return Observation(marks, who)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The outcome of a comparison.

    Attributes:
        scores: of all frames.
        worst: the worst frames by L1, and by AKD where there is one; the worst first.
        landmarks: name of the extractor that found the landmarks, or ``None``.
        identity: name of the extractor that found the identities, or ``None``.
    """

    scores: Scores
    worst: tuple[WorstFrame, ...]
    landmarks: str | None = None
    identity: str | None = None


def evaluate(
    pairs: Sequence[ClipPair],
    extractors: Extractors | None = None,
    *,
    fit_real: Fit | None = None,
    on_progress: Callable[[], None] | None = None,
) -> Evaluation:
    """Compare clips frame by frame; memory does not grow with their length.

    What is kept of a frame are its scores, some 100 bytes.

    Args:
        pairs: at least one.
        extractors: of landmarks and identities.
        fit_real: how real frames of another size are brought to that of the generated ones;
            ``None`` refuses them.
        on_progress: called after every frame.

    Raises:
        EvaluationError: a pair has different numbers or sizes of frames, or no frame has
            landmarks or identities though they are asked for.
        MediaError: a clip cannot be read.
    """
    if not pairs:
        raise EvaluationError("expected clips to compare, found none")
    comparison = _Comparison(extractors or Extractors(), fit_real, on_progress)
    clips = tuple(comparison.run(pair) for pair in pairs)
    return comparison.outcome(Scores(clips))


class _Comparison:
    """Compares one pair after the other."""

    def __init__(
        self,
        extractors: Extractors,
        fit_real: Fit | None,
        on_progress: Callable[[], None] | None,
    ) -> None:
        self._extractors = extractors
        self._fit_real = fit_real
        self._on_progress = on_progress
        self._worst = [WorstFrames(m) for m in extractors.metrics if m in (L1, AKD)]

    def run(self, pair: ClipPair) -> ClipScores:
        """Compare a pair.

        Raises:
            EvaluationError: it does not fit together.
        """
        metrics = self._extractors.metrics
        table = ScoreTable(pair.name, metrics)
        for index, (real, generated) in enumerate(self._frames(pair)):
            scores = self._score(pair, index, real, generated)
            for worst in self._worst:
                score = scores[metrics.index(worst.metric)]
                if score.weight:
                    worst.add(pair.name, index, score.value, real, generated)
            table.append(scores)
            if self._on_progress is not None:
                self._on_progress()
        return table.finish()

    def outcome(self, scores: Scores) -> Evaluation:
        """Put everything together.

        Raises:
            EvaluationError: a metric that was asked for has no value anywhere.
        """
        marks, who = self._extractors.landmarks, self._extractors.identity
        if marks is not None:
            self._require(scores, AKD, marks, self._extractors.landmarks_required)
        if who is not None:
            self._require(scores, AED, who, self._extractors.identity_required)
        return Evaluation(
            scores,
            tuple(frame for worst in self._worst for frame in worst.frames),
            None if marks is None else marks.name,
            None if who is None else who.name,
        )

    @staticmethod
    def _require(scores: Scores, metric: Metric, extractor: Extractor, required: bool) -> None:
        """Raise or warn where no pair of frames has a metric."""
        if any(weights.any() for _, weights in (c.column(metric) for c in scores.clips)):
            return
        problem = (
            f"{metric.name}: expected a face in real and generated frames, found none in any of "
            f"{scores.frames} pairs ({extractor.name})"
        )
        if required:
            raise EvaluationError(problem)
        logger.warning("%s", problem)

    def _frames(self, pair: ClipPair) -> Iterator[tuple[ByteArray, ByteArray]]:
        """The frames of both sides, of one size."""
        width = pair.strip_width()
        sides = pair.real.frames(width), pair.generated.frames(width)
        for count, (real, generated) in enumerate(zip_longest(*sides)):
            if real is None or generated is None:
                more = count + 1 + sum(1 for _ in (sides[1] if real is None else sides[0]))
                found = (count, more) if real is None else (more, count)
                raise EvaluationError(
                    f"{pair.name}: expected as many frames generated as real, found "
                    f"{found[0]} real and {found[1]} generated"
                )
            yield self._fitted(pair, real, generated.shape), generated

    def _fitted(self, pair: ClipPair, real: ByteArray, shape: tuple[int, ...]) -> ByteArray:
        if real.shape == shape:
            return real
        if self._fit_real is None:
            raise EvaluationError(
                f"{pair.name}: expected frames of one size, found {_size(real.shape)} real and "
                f"{_size(shape)} generated; --fit brings real frames to the size of generated "
                "ones, and sheets are no generated frames (use --eval or --only-generated)"
            )
        return fit(real, (shape[0], shape[1]), self._fit_real)

    def _score(
        self, pair: ClipPair, index: int, real: ByteArray, generated: ByteArray
    ) -> tuple[FrameScore, ...]:
        """The scores of a frame, in the order of the extractors' metrics.

        Raises:
            EvaluationError: both sides have results that do not compare.
        """
        extractors = self._extractors
        seen_real = self._look(pair, "real", index, real)
        seen = self._look(pair, "generated", index, generated)
        try:
            scores = _pixel_scores(real, generated)
            if extractors.landmarks is not None:
                size = (real.shape[0], real.shape[1])
                scores += _landmark_scores(seen_real.landmarks, seen.landmarks, size)
            if extractors.identity is not None:
                distance = embedding_distance(seen_real.embedding, seen.embedding)
                scores += (FrameScore.of(distance),)
        except EvaluationError as error:
            raise EvaluationError(f"{pair.name}, frame {index}: {error}") from error
        return scores

    def _look(self, pair: ClipPair, side: Side, index: int, image: ByteArray) -> Observation:
        clip = pair.real if side == "real" else pair.generated
        return self._extractors.observe(FrameView(clip, side, index, image))


def _pixel_scores(real: ByteArray, generated: ByteArray) -> tuple[FrameScore, ...]:
    """L1, PSNR and SSIM."""
    return tuple(FrameScore(metric(real, generated)) for metric in (l1_distance, psnr, ssim))


def _landmark_scores(
    real: FloatArray | None, generated: FloatArray | None, size: tuple[int, int]
) -> tuple[FrameScore, ...]:
    """AKD and MKR; the latter weighs as much as there are landmarks in the real frame."""
    distance = keypoint_distance(real, generated, size)
    missing, present = missing_keypoints(real, generated)
    share = FrameScore(missing / present, present) if present else NO_SCORE
    return FrameScore.of(distance), share


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
