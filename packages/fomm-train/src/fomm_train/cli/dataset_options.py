"""Options that the commands for synthetic people share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

_Command = Callable[..., Any]


@dataclass(frozen=True)
class DatasetDefaults:
    """Defaults in which the commands differ, and the word for their people.

    Attributes:
        people: plural, such as ``"avatars"``.
        identities, motions, size: see :func:`dataset_options`.
        smallest: frames that can be made, in pixels.
    """

    people: str
    identities: int
    motions: int
    size: int
    smallest: int


def dataset_options(defaults: DatasetDefaults) -> Callable[[_Command], _Command]:
    """Add the options of a data set or a benchmark of synthetic people to a command."""
    people = defaults.people
    options = (
        _count(
            "identities", defaults.identities, f"Number of {people}, those for testing included."
        ),
        _count("motions", defaults.motions, f"Videos of each of the {people}."),
        _count("frames", 64, "Frames of each video, at 25 a second.", least=2),
        _count("group", 8, f"{people.capitalize()} that share their motions."),
        click.option(
            "--size",
            default=defaults.size,
            show_default=True,
            type=click.IntRange(defaults.smallest, 1024),
            help="Height and width of the frames.",
        ),
        click.option(
            "--format",
            "form",
            default="mp4",
            show_default=True,
            type=click.Choice(["mp4", "png"]),
            help="Videos, or folders of lossless frames.",
        ),
        click.option(
            "--test-share",
            default=0.1,
            show_default=True,
            type=click.FloatRange(0, 1, max_open=True),
            help=f"Share of the {people} in test/: others, with other motions, than in train/.",
        ),
        _count("seed", 0, "Equal seeds give equal pixels.", least=0),
        click.option(
            "--benchmark",
            type=click.IntRange(min=1),
            metavar="CASES",
            help="Write a cross-identity benchmark of so many cases instead, with --size and "
            "--seed.",
        ),
        click.option(
            "--swapped",
            is_flag=True,
            help=f"With --benchmark: the two {people} of each case in each other's place.",
        ),
    )

    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _count(name: str, default: int, text: str, *, least: int = 1) -> Callable[[_Command], _Command]:
    return click.option(
        f"--{name}",
        default=default,
        show_default=True,
        type=click.IntRange(min=least),
        help=text,
    )
