"""Options that the commands for synthetic people share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from fomm_core.cli.param_types import FiniteRange

_Command = Callable[..., Any]
_Decorator = Callable[[_Command], _Command]


@dataclass(frozen=True)
class DatasetDefaults:
    """Defaults in which the commands differ, and the word for their people.

    Attributes:
        people: plural, such as ``"avatars"``.
        identities, motions, size: see :func:`dataset_options`.
        smallest: frames that can be made, in pixels.
        is_out_required: whether the command does nothing else than write data.
    """

    people: str
    identities: int
    motions: int
    size: int
    smallest: int
    is_out_required: bool = True


@dataclass(frozen=True)
class DatasetOptions:
    """A data set or a benchmark of synthetic people, as it is asked for.

    Attributes:
        out: folder; ``None`` only where the command does something else instead.
        identities, motions, frames, group, seed: see
            :class:`~fomm_train.config.SyntheticParams`.
        size: height and width of the frames in pixels.
        form: ``"mp4"`` or ``"png"``.
        test_share: share of the identities in ``test/``.
        benchmark: number of cases of the benchmark that is to be written instead.
        swapped: whether the two people of its cases change places.

    Raises:
        UsageError: ``swapped`` comes without ``benchmark``.
    """

    out: Path | None
    identities: int
    motions: int
    frames: int
    group: int
    size: int
    form: str
    test_share: float
    seed: int
    benchmark: int | None
    swapped: bool

    def __post_init__(self) -> None:
        if self.swapped and self.benchmark is None:
            raise click.UsageError("--swapped: expected with --benchmark")


def dataset_options(defaults: DatasetDefaults) -> _Decorator:
    """Add the options of a data set or a benchmark of synthetic people to a command.

    It is given them as one argument, ``options``, of :class:`DatasetOptions`.
    """
    options = (*_data_options(defaults), *_benchmark_options(defaults))

    def decorate(command: _Command) -> _Command:
        @wraps(command)
        def with_options(*arguments: Any, **given: Any) -> Any:
            own = {field.name: given.pop(field.name) for field in fields(DatasetOptions)}
            return command(*arguments, options=DatasetOptions(**own), **given)

        decorated: _Command = with_options
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def _data_options(defaults: DatasetDefaults) -> Iterator[_Decorator]:
    people = defaults.people
    yield click.option(
        "--out",
        "-o",
        required=defaults.is_out_required,
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of the data set.",
    )
    identities = f"Number of {people}, those for testing included."
    yield _count("identities", defaults.identities, identities)
    yield _count("motions", defaults.motions, f"Videos of each of the {people}.")
    yield _count("frames", 64, "Frames of each video, at 25 a second.", least=2)
    yield _count("group", 8, f"{people.capitalize()} that share their motions.")
    yield click.option(
        "--size",
        default=defaults.size,
        show_default=True,
        type=click.IntRange(defaults.smallest, 1024),
        help="Height and width of the frames.",
    )
    yield click.option(
        "--format",
        "form",
        default="mp4",
        show_default=True,
        type=click.Choice(["mp4", "png"]),
        help="Videos, or folders of lossless frames.",
    )
    yield click.option(
        "--test-share",
        default=0.1,
        show_default=True,
        type=FiniteRange(0, 1, max_open=True),
        help=f"Share of the {people} in test/: others, with other motions, than in train/.",
    )
    yield _count("seed", 0, "Equal seeds give equal pixels.", least=0)


def _benchmark_options(defaults: DatasetDefaults) -> Iterator[_Decorator]:
    yield click.option(
        "--benchmark",
        type=click.IntRange(min=1),
        metavar="CASES",
        help="Write a cross-identity benchmark of so many cases instead, with --size and --seed.",
    )
    yield click.option(
        "--swapped",
        is_flag=True,
        help=f"With --benchmark: the two {defaults.people} of each case in each other's place.",
    )


def _count(name: str, default: int, text: str, *, least: int = 1) -> _Decorator:
    return click.option(
        f"--{name}",
        default=default,
        show_default=True,
        type=click.IntRange(min=least),
        help=text,
    )
