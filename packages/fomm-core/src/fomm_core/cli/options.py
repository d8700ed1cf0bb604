"""Options that several commands share. A command module imports nothing heavy at its top."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from fomm_core.config.named import find_config_file, installed_configs
from fomm_core.engine.registry import engine_names, engine_specs, find_engine
from fomm_core.engine.spec import AUTO, PRECISIONS, Device, EngineChoice
from fomm_core.errors import EngineError, FaceError, FommError
from fomm_core.face.crop import Crop
from fomm_core.pipeline.options import (
    AnimationOptions,
    FaceChoice,
    View,
    choices_of,
    is_face_number,
    option_names,
)

if TYPE_CHECKING:
    from fomm_core.distributed import Communicator

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

CONTEXT_DEVICES: dict[str, Device | None] = {"auto": None, "cpu": "cpu", "cudnn": "gpu"}
"""The kind of device that each context of NNabla's own command line asks for."""

_RATE = re.compile(r"-?[0-9]+(\.[0-9]+|/[0-9]+)?")  # no exponents: Fraction("1e999999999")
_FASTEST = 1000
_FINEST = 1_000_000  # what the clocks of video files can tell apart


class FrameRate(click.ParamType[Fraction]):
    """Frames per second as an exact fraction: 25, 29.97 or 30000/1001."""

    name = "rate"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        """Read a rate from text."""
        if isinstance(value, Fraction):
            return value
        try:
            rate = Fraction(value if _RATE.fullmatch(value) else "none")
        except (ValueError, ZeroDivisionError):
            self.fail(f"expected a rate such as 25 or 30000/1001, found {value!r}", param, ctx)
        if not 0 < rate <= _FASTEST:
            self.fail(f"expected a rate above 0 and up to {_FASTEST}, found {value}", param, ctx)
        if max(rate.numerator, rate.denominator) > _FINEST:
            expected = f"expected a fraction of numbers up to {_FINEST:,}"
            self.fail(f"{expected}, found {rate}", param, ctx)
        return rate


class Face(click.ParamType[FaceChoice]):
    """Faces of a picture: ``largest``, ``all``, or a number from 1."""

    name = "largest|all|N"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> FaceChoice:
        """Read a choice from text."""
        if value in ("largest", "all"):
            return cast(FaceChoice, value)
        if not (str(value).isdecimal() and is_face_number(int(value))):
            self.fail(f"expected largest, all or a number from 1, found {value!r}", param, ctx)
        return int(value)


class Square(click.ParamType[Crop]):
    """Square of a picture: ``left,top,side`` in whole pixels."""

    name = "left,top,side"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Crop:
        """Read a square from text."""
        if isinstance(value, Crop):
            return value
        try:
            return Crop.from_text(value)
        except FaceError as error:
            self.fail(str(error), param, ctx)


class ReachablePath(click.Path):
    """A path that the system can look up, whether or not something is there."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """Refuse names that are too long and folders that may not be entered."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        try:
            path.exists()
        except OSError as error:
            self.fail(f"{_shortened(str(path))}: {error.strerror}", param, ctx)
        return path


class ConfigFile(ReachablePath):
    """A configuration: a file, or the name of one that an installed package brings along."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """Find the file of a name; a path that exists, or looks like one, stays as it is."""
        path: Path = super().convert(value, param, ctx)
        if path.exists() or path.suffix or len(path.parts) != 1:
            return path
        return find_config_file(str(path), installed_configs())


def _shortened(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:60]}...{text[-30:]}"


def path_option(*names: str, help_text: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    """An option that takes a path."""
    return click.option(*names, type=ReachablePath(), help=help_text, **settings)


def config_option(help_text: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    """The option ``config``: :class:`ConfigFile`."""
    return click.option("--config", type=ConfigFile(), help=help_text, **settings)


def joined(*options: Callable[[Decorated], Decorated]) -> Callable[[Decorated], Decorated]:
    """Several options as one decorator, in the order given."""

    def decorate(command: Decorated) -> Decorated:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def choice_option(option: str, help_text: str) -> Callable[[Decorated], Decorated]:
    """An option of :class:`AnimationOptions` that is a choice, with its choices and default."""
    return click.option(
        f"--{option.replace('_', '-')}",
        type=click.Choice(choices_of(option)),
        default=getattr(AnimationOptions, option),
        show_default=True,
        help=help_text,
    )


def frame_rate_option(help_text: str) -> Callable[[Decorated], Decorated]:
    """The option ``frame_rate``."""
    return click.option("--fps", "frame_rate", type=FrameRate(), help=help_text)


model_options: Callable[[Decorated], Decorated] = joined(
    click.option(
        "--model",
        help="A model's name or folder [default: face]; avatar is the smallest, vox is downloaded.",
    ),
    config_option("Configuration of the model: a file, or a name as of fomm train."),
    path_option("--params", help_text="Parameters (.h5) [default: those that --config names]."),
)
"""Options of the model: ``model``, ``config``, ``params``."""

device_option: Callable[[Decorated], Decorated] = click.option(
    "--device",
    default="",
    help="What computes: cpu, gpu, npu, cuda:1, ...; `fomm doctor` lists what is there.",
)
"""The option ``device``."""

engine_options: Callable[[Decorated], Decorated] = joined(
    click.option(
        "--engine",
        type=click.Choice(("auto", *engine_names())),
        help="What runs the networks [default: the fastest that is there].",
    ),
    click.option(
        "--context",
        "-c",
        type=click.Choice(list(CONTEXT_DEVICES)),
        default="auto",
        show_default=True,
        help="Kind of device, where --engine is not given.",
    ),
    click.option(
        "--precision",
        type=click.Choice((AUTO, *PRECISIONS)),
        default="fp32",
        show_default=True,
        help=(
            "fast: convolutions in half precision, on CPUs with bfloat16 and on accelerators; "
            "int8: with a decoder that fomm quantize made; auto: the fastest of these here."
        ),
    ),
    device_option,
    click.option(
        "--threads", type=click.IntRange(0), default=0, help="CPU threads; 0 chooses by itself."
    ),
)
"""Options of the engine: ``engine``, ``context``, ``precision``, ``device``, ``threads``."""

view_options: Callable[[Decorated], Decorated] = joined(
    click.option(
        "--output-png", "png", is_flag=True, help="Write numbered PNGs instead of a video."
    ),
    click.option("--only-generated", is_flag=True, help="Show the generated frames alone."),
    click.option(
        "--detailed",
        is_flag=True,
        help="Also show keypoints, the deformed source and the occlusion map.",
    ),
    click.option("--full", is_flag=True, help="Also show each warped source and its mask."),
)
"""Form of the result: ``png`` and, joined by :func:`view_of`, the view."""


def animation_options(options: dict[str, Any], **others: Any) -> AnimationOptions:
    """The record of a command's options; those that it does not offer have their defaults.

    Args:
        options: of the command. What has the name of a field is that field; the view is that
            of ``view_options``.
        others: fields that follow from several options together.

    Raises:
        FommError: more than one view is asked for.
    """
    named = {name: options[name] for name in option_names() if name in options}
    return AnimationOptions(**{**named, "view": view_of(options), **others})


def threads_of_rank(wanted: int, ranks: Communicator) -> int:
    """Threads of each of several processes: as wanted, or a fair share of a machine's cores.

    Args:
        wanted: of ``--threads``; 0 leaves the choice to the program.
        ranks: the processes.
    """
    if wanted or ranks.size == 1:
        return wanted
    from fomm_core.distributed.launcher import local_size
    from fomm_core.utils.machine import usable_cores

    return max(1, usable_cores() // local_size(os.environ, ranks.size))


def engine_of(options: dict[str, Any], threads: int | None = None) -> EngineChoice:
    """The choice that :data:`engine_options` make together.

    Args:
        options: the options by name.
        threads: CPU threads, if other than the option's.

    Raises:
        EngineError: they contradict each other.
    """
    if options["device"] and options["context"] != "auto":
        raise EngineError("expected either --device or --context, found both")
    fastest = options["precision"] == AUTO
    return EngineChoice(
        engine=_engine_name(options["engine"], options["context"]),
        precision="fp32" if fastest else options["precision"],
        threads=options["threads"] if threads is None else threads,
        device=options["device"],
        fastest=fastest,
    )


def _engine_name(engine: str | None, context: str) -> str:
    """The engine that ``--engine`` and ``--context`` ask for together: a name, auto or cpu."""
    device = CONTEXT_DEVICES[context]
    if engine in (None, "auto"):
        return _fastest_on_gpu() if device == "gpu" else context
    if device not in (None, find_engine(engine).device):
        raise EngineError(f"expected an engine for context {context}, found --engine {engine}")
    return str(engine)


def _fastest_on_gpu() -> str:
    return next(spec.name for spec in engine_specs() if spec.device == "gpu")


def view_of(options: dict[str, Any]) -> View:
    """The view that the flags ask for.

    Raises:
        FommError: more than one is asked for.
    """
    views: dict[str, View] = {
        "only_generated": "generated",
        "detailed": "detailed",
        "full": "full",
    }
    wanted = [key for key in views if options[key]]
    if len(wanted) > 1:
        flags = " and ".join("--" + key.replace("_", "-") for key in wanted)
        raise FommError(f"expected one view, found {flags}")
    return views[wanted[0]] if wanted else "default"
