"""Writing data sets and benchmarks of synthetic people from the command line."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from tqdm import tqdm

from fomm_core.benchmark_format import BenchmarkSettings, write_benchmark
from fomm_core.cli.signals import ended_like_interrupted
from fomm_core.image import write_image
from fomm_train.cli.dataset_options import DatasetOptions
from fomm_train.config import SyntheticParams
from fomm_train.synthetic.benchmark import cross_identity_benchmark
from fomm_train.synthetic.dataset import FORMS, DatasetSettings, SyntheticDataset
from fomm_train.synthetic.sheet import sheet_rows
from fomm_train.synthetic.world import AnyWorld

_SHEET_ROWS, _SHEET_COLUMNS = 6, 6


def write_people(
    options: DatasetOptions, out: Path, world: AnyWorld, params: SyntheticParams, quiet: bool
) -> None:
    """Write the data set or the benchmark that is asked for, and say so.

    Args:
        options: of the command.
        out: their folder.
        world: what kind of people.
        params: what is particular to these; numbers and seed come from the options.
        quiet: show no progress bar.

    Raises:
        OutputError: it cannot be written.
    """
    if options.benchmark is not None:
        write_cases(out, world, options.benchmark, options.seed, options.swapped, quiet)
        return
    numbers = {
        "identities": options.identities,
        "group": options.group,
        "motions": options.motions,
        "frames": options.frames,
        "seed": options.seed,
    }
    form = FORMS[FORMS.index(options.form)]
    params = params.model_copy(update=numbers)
    write_dataset(
        out, world, DatasetSettings(params, options.size, form, options.test_share), quiet
    )


def write_dataset(out: Path, world: AnyWorld, settings: DatasetSettings, quiet: bool) -> None:
    """Write what is missing of a data set, with a progress bar, and say so.

    Raises:
        OutputError: it cannot be written.
    """
    with ended_like_interrupted(), SyntheticDataset.open(out, world, settings) as dataset:
        total, new = _write_clips(dataset, quiet)
    params = settings.params
    click.echo(
        f"{out}: {total} clips ({new} new) of {params.identities} {world.name}s, "
        f"{params.frames} frames each"
    )
    if settings.test_share and not settings.part("test").identities:
        click.echo(
            f"{out}: nobody in test/: --test-share {settings.test_share:g} of "
            f"{params.identities} {world.name}s rounds to none; raise one of the two"
        )


def write_cases(
    out: Path, world: AnyWorld, count: int, seed: int, swapped: bool, quiet: bool
) -> None:
    """Write a benchmark, with a progress bar, and say so.

    Raises:
        OutputError: it cannot be written.
    """
    hidden = quiet or None  # None: hidden where there is no terminal
    with ended_like_interrupted(), tqdm(total=count, unit=" cases", disable=hidden) as bar:

        def on_progress(done: int) -> None:
            bar.update(done - bar.n)

        settings = BenchmarkSettings(
            world.size,
            count,
            seed,
            swapped,
            world.label_names,
            # First frames show the source itself. Where errors are relative to it they say
            # nothing; avatars have figures on record in which they count.
            first_scored=1 if world.label_names else 0,
        )
        cases = cross_identity_benchmark(world, count, seed, swapped=swapped)
        write_benchmark(out, settings, cases, on_progress)
    click.echo(f"{out}: {count} cases of {world.size}x{world.size}")


def write_sheet(path: Path, world: AnyWorld, seed: int, quiet: bool) -> None:
    """Write a picture of some people in some poses, with a progress bar, and say so.

    Raises:
        OutputError: it cannot be written.
    """
    rows = sheet_rows(world, seed, _SHEET_ROWS, _SHEET_COLUMNS)
    shown = tqdm(rows, total=_SHEET_ROWS, unit=" people", disable=quiet or None)
    with ended_like_interrupted():
        write_image(path, np.concatenate(list(shown)))
    click.echo(f"{path}: {_SHEET_ROWS} {world.name}s in {_SHEET_COLUMNS} poses")


def _write_clips(dataset: SyntheticDataset, quiet: bool) -> tuple[int, int]:
    """Write what is missing; the numbers of all and of new clips."""
    tasks = dataset.tasks()
    missing = [task for task in tasks if not dataset.is_written(task)]
    ready = len(tasks) - len(missing)
    with tqdm(total=len(tasks), initial=ready, unit="clip", disable=quiet or None) as bar:
        for task in missing:
            dataset.write(task)
            bar.update()
    return len(tasks), len(missing)
