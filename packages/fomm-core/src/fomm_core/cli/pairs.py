"""``fomm animate --pairs``: many animations in one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fomm_core.cli.options import animation_options, engine_of, threads_of_rank
from fomm_core.errors import DistributedError, FommError

if TYPE_CHECKING:
    from fomm_core.config import Config
    from fomm_core.distributed import Communicator
    from fomm_core.model.files import ModelFiles
    from fomm_core.motion.transfer import MotionMode
    from fomm_core.pipeline.jobs import Job, JobOutcome
    from fomm_core.pipeline.options import AnimationOptions
    from fomm_core.pipeline.run import ProgressCallback

CONFIGURED = Path("the list that the configuration names")
"""Stands for no file after ``--pairs``."""

_ALONE = ("source", "driving", "motion_template", "save_motion", "output")


def animate_pairs(options: dict[str, Any], motion: MotionMode, quiet: bool) -> None:
    """Animate all pairs of a list, and print a table of the results.

    Args:
        options: of ``fomm animate``.
        motion: the mode that they ask for.
        quiet: show no progress.

    Raises:
        FommError: an option does not go with a list, the list is bad, or a pair fails that
            should not.
    """
    from fomm_core.cli.errors import abort_all_ranks_on_error
    from fomm_core.cli.signals import ended_like_interrupted
    from fomm_core.distributed import join_ranks, raise_on_all_ranks
    from fomm_core.model.finding import find_model
    from fomm_core.pipeline.jobs import plan_jobs
    from fomm_core.pipeline.pairs import require_files

    ranks = join_ranks()
    with abort_all_ranks_on_error(ranks), ended_like_interrupted():
        with raise_on_all_ranks(ranks):
            _refuse_others(options)
            files = find_model(options["model"], options["config"], options["params"])
            spared = (options["config"], files.parameters)
            record = animation_options(
                options, motion=motion, spared=tuple(path for path in spared if path is not None)
            )
            path, pairs = _read(options, files.config)
            if not options["keep_going"]:
                require_files(path, pairs)
            jobs = plan_jobs(pairs, path, options["out_dir"], files.name, record)
        outcomes = _animate(files, jobs, record, ranks, options, quiet or not ranks.is_main)
        _raise_on_failure(path, outcomes, keep_going=options["keep_going"])
        if ranks.is_main:
            _report(outcomes, quiet)


def _refuse_others(options: dict[str, Any]) -> None:
    for name in _ALONE:
        if options[name] is not None:
            raise FommError(f"expected either --pairs or --{name.replace('_', '-')}, found both")


def _read(options: dict[str, Any], config: Config) -> tuple[Path, Sequence[Any]]:
    """The list and its pairs, which may be test videos of the configured data set."""
    from fomm_core.pipeline.pairs import configured_list, read_pairs

    path: Path = options["pairs"]
    if path == CONFIGURED:
        path = configured_list(config, options["config"])
    root = Path(config.dataset_params.root_dir)
    return path, read_pairs(path, [root / "test", root])


def _animate(
    files: ModelFiles,
    jobs: Sequence[Job],
    record: AnimationOptions,
    ranks: Communicator,
    options: dict[str, Any],
    quiet: bool,
) -> list[JobOutcome]:
    from fomm_core.distributed import raise_on_all_ranks
    from fomm_core.loading import start_model
    from fomm_core.pipeline.jobs import animate_jobs

    with ExitStack() as stack:
        with raise_on_all_ranks(ranks):
            threads = threads_of_rank(options["threads"], ranks)
            model = stack.enter_context(start_model(files, engine_of(options, threads)))
        if not quiet:
            click.echo(model.describe(), err=True)
        bars = stack.enter_context(_Bars(len(ranks.share_blocks(jobs)), quiet))
        return animate_jobs(
            model,
            jobs,
            record,
            ranks=ranks,
            resume=options["resume"],
            keep_going=options["keep_going"],
            on_progress_of=bars.next,
        )


class _Bars(ExitStack):
    """One progress bar after the other, each with the number and names of its pair."""

    def __init__(self, total: int, quiet: bool) -> None:
        super().__init__()
        self._total, self._quiet, self._begun = total, quiet, 0

    def next(self, job: Job) -> ProgressCallback:
        """Begin the bar of a job."""
        from fomm_core.cli.progress import ProgressBar

        self.close()
        self._begun += 1
        title = f"{self._begun}/{self._total} {job.pair.source.name}, {job.pair.driving.name}: "
        bar: Callable[..., None] = self.enter_context(ProgressBar(self._quiet, title))
        return bar


def _report(outcomes: Sequence[JobOutcome], quiet: bool) -> None:
    """Print a line for each pair, and unless quiet how many there are of each kind."""
    from fomm_core.utils.paths import printable

    rows = [("line", "frames", "frames/s", "result")]
    for outcome in outcomes:
        speed = f"{outcome.frames / max(outcome.seconds, 1e-9):.1f}" if outcome.frames else "-"
        told = f"failed: {outcome.failure}" if outcome.failure else str(outcome.job.output)
        if not (outcome.frames or outcome.failure):
            told += " (there before)"
        line = str(outcome.job.pair.line)
        rows.append((line, str(outcome.frames or "-"), speed, printable(told)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for *numbers, told in rows:
        cells = map(str.rjust, numbers, widths)
        click.echo("  ".join([*cells, told]))
    if not quiet:
        made = sum(outcome.frames > 0 for outcome in outcomes)
        failed = sum(outcome.failure != "" for outcome in outcomes)
        ready = len(outcomes) - made - failed
        click.echo(f"{made} made, {ready} there before, {failed} failed", err=True)


def _raise_on_failure(path: Path, outcomes: Sequence[JobOutcome], *, keep_going: bool) -> None:
    """Raise where a pair failed that should not, or none has a result.

    Raises:
        DistributedError: with the first failure, the same on all ranks.
    """
    failed = [outcome for outcome in outcomes if outcome.failure]
    if failed and (not keep_going or len(failed) == len(outcomes)):
        advice = "" if keep_going else "; --keep-going goes on without it"
        line = failed[0].job.pair.line
        raise DistributedError(f"{path}, line {line}: {failed[0].failure}{advice}")
