"""Many animations in one run: each source is encoded once, and each motion detected once."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from fomm_core.dataset import VIDEO_SUFFIXES
from fomm_core.distributed import Communicator, SingleProcess
from fomm_core.errors import FommError, MediaError
from fomm_core.image import ByteArray, read_image
from fomm_core.loading import Model
from fomm_core.motion.template import MotionTemplate
from fomm_core.pipeline.driving import Driving, open_driving
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.output import real_path, result_path, spare_inputs
from fomm_core.pipeline.pairs import Pair
from fomm_core.pipeline.prepare import PreparedSource, prepare_source, record_motion
from fomm_core.pipeline.run import Progress, ProgressCallback, animate_prepared, ignore
from fomm_core.video import VideoReader

logger = logging.getLogger(__name__)

TEMPLATE_SUFFIX = ".npz"


@dataclass(frozen=True)
class Job:
    """A pair and the name of its result."""

    pair: Pair
    output: Path


@dataclass(frozen=True)
class JobOutcome:
    """The end of a job.

    Attributes:
        job: which.
        frames: number of frames of its result; 0 where none was made in this run.
        seconds: time that it took.
        failure: why there is no result, in one line; empty where there is one.
    """

    job: Job
    frames: int = 0
    seconds: float = 0.0
    failure: str = ""


def plan_jobs(
    pairs: Iterable[Pair], list_file: Path, out_dir: Path, model: str, options: AnimationOptions
) -> list[Job]:
    """Name the results of all pairs.

    Args:
        pairs: of the list.
        list_file: the list, named in errors and not to be written over.
        out_dir: of all results, below which the list's own names of results are;
            those of the others are ``<model>/arbitrary/<source>_by_<driving>.mp4``.
        model: its name.
        options: of the animations.

    Raises:
        MediaError: two results have one name, or a result has the name of an input, or is
            not to lie in the folder of all results.
    """
    pairs = list(pairs)
    folder = out_dir / model / "arbitrary"
    read = {real_path(path) for pair in pairs for path in (pair.source, pair.driving)}
    read.add(real_path(list_file))
    lines: dict[Path, int] = {}
    jobs = []
    for pair in pairs:
        named = result_path(folder, pair.source, pair.driving, options)
        output = out_dir / pair.output if pair.output else named
        place = real_path(output)
        if place in read:
            expected = "expected another name than that of an input"
            raise MediaError(f"{list_file}, line {pair.line}: {output}: {expected}")
        if not _is_below(output, out_dir):
            expected = f"expected the name of a result in {out_dir}"
            raise MediaError(f"{list_file}, line {pair.line}: {expected}, found {pair.output}")
        if lines.setdefault(place, pair.line) != pair.line:
            raise MediaError(
                f"{list_file}, line {pair.line}: expected another result than that of line "
                f"{lines[place]}, found {output}; name it in the column output"
            )
        jobs.append(Job(pair, output))
    return jobs


def _is_below(path: Path, folder: Path) -> bool:
    """Whether a path leads into a folder, by its words alone: links may lead elsewhere."""
    inside = Path(os.path.normpath(path.absolute()))
    return inside.is_relative_to(os.path.normpath(folder.absolute()))


def animate_jobs(
    model: Model,
    jobs: Sequence[Job],
    options: AnimationOptions,
    *,
    ranks: Communicator | None = None,
    resume: bool = False,
    keep_going: bool = False,
    on_progress_of: Callable[[Job], ProgressCallback] | None = None,
) -> list[JobOutcome]:
    """Animate all pairs, each by one of the processes.

    Args:
        model: a loaded model.
        jobs: at least one.
        options: how to animate.
        ranks: the processes that share the work; pairs of one source stay together.
        resume: leave alone results that are there.
        keep_going: report a pair that fails, and go on without it.
        on_progress_of: makes the callback of a job.

    Returns:
        The outcomes of all processes in the order of the jobs, on every process. Where one
        failed that should not, those that were not begun are missing.
    """
    ranks = ranks or SingleProcess()
    runner = _JobRunner(model, options)
    outcomes: list[JobOutcome] = []
    for job in ranks.share_blocks(_by_source(jobs)):
        if ranks.is_stopped():
            break
        if resume and job.output.exists():
            outcomes.append(JobOutcome(job))
            continue
        try:
            on_progress = on_progress_of(job) if on_progress_of else ignore
            outcomes.append(runner.animate(job, on_progress))
        except FommError as error:
            outcomes.append(JobOutcome(job, failure=" ".join(str(error).split())))
            if not keep_going:
                ranks.stop_others()
                break
            logger.warning("line %d: %s; left out", job.pair.line, outcomes[-1].failure)
    found = {outcome.job: outcome for part in ranks.gather(outcomes) for outcome in part}
    return [found[job] for job in jobs if job in found]


class _JobRunner:
    """Keeps the newest source and all motions, which are small."""

    def __init__(self, model: Model, options: AnimationOptions) -> None:
        self._model = model
        self._options = options
        self._source: tuple[Path, PreparedSource] | None = None
        self._motions: dict[Path, Driving] = {}

    def animate(self, job: Job, on_progress: ProgressCallback) -> JobOutcome:
        """Make one result.

        Raises:
            FommError: one of its kinds, for whatever cannot be read, animated or written.
        """
        spare_inputs((job.pair.source, job.pair.driving), job.output, self._options)
        source = self._prepared(job.pair.source)
        driving = self._driving(job.pair.driving, source, on_progress)
        result = animate_prepared(
            self._model, source, driving, job.output, self._options, on_progress
        )
        return JobOutcome(job, result.frames, result.seconds)

    def _prepared(self, path: Path) -> PreparedSource:
        if self._source is None or self._source[0] != path:
            self._source = None  # its memory is free before the next one takes some
            self._source = path, prepare_source(self._model, read_source(path), self._options)
        return self._source[1]

    def _driving(
        self, path: Path, source: PreparedSource, on_progress: ProgressCallback
    ) -> Driving:
        if path not in self._motions:
            options = self._options
            moving = MotionTemplate.load(path) if path.suffix.lower() == TEMPLATE_SUFFIX else path
            driving = open_driving(moving, options.start, options.end, options.keep_going)
            with closing(driving):
                self._motions[path] = record_motion(
                    driving,
                    source,
                    options,
                    lambda done: on_progress(Progress("recording", done, driving.frame_count)),
                )
        return self._motions[path]


def read_source(path: Path) -> ByteArray:
    """Read a picture, or the first frame of a video or folder, (H, W, 3) uint8.

    Raises:
        MediaError: it cannot be read.
    """
    if path.is_dir() or path.suffix.lower() in VIDEO_SUFFIXES:
        return next(iter(VideoReader(path)))
    return read_image(path)


def _by_source(jobs: Iterable[Job]) -> list[Job]:
    """Put the jobs of each source together, in order of first appearance."""
    groups: dict[Path, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.pair.source, []).append(job)
    return [job for group in groups.values() for job in group]
