"""Options that several commands share, and the records that they make together.

A command module imports nothing heavy at its top.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fomm_core.cli.param_types import ConfigFile, Face, FrameRate, ReachablePath
from fomm_core.engine.registry import engine_names, engine_specs, find_engine
from fomm_core.engine.spec import AUTO, PRECISIONS, Device, EngineChoice
from fomm_core.errors import EngineError, FommError
from fomm_core.pipeline.options import (
    AnimationOptions,
    View,
    choices_of,
    option_names,
)

if TYPE_CHECKING:
    from fomm_core.distributed import Communicator

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

CONTEXT_DEVICES: dict[str, Device | None] = {"auto": None, "cpu": "cpu", "cudnn": "gpu"}
"""The kind of device that each context of NNabla's own command line asks for."""


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

face_options: Callable[[Decorated], Decorated] = joined(
    choice_option(
        "crop", "Crop the source and what drives it to the face, where the model asks for it."
    ),
    click.option(
        "--face",
        type=Face(),
        default="largest",
        show_default=True,
        help="Faces of the source to animate: largest, all (up to 16), or a number from the left.",
    ),
    click.option(
        "--paste-back/--no-paste-back",
        default=None,
        help="Show the whole picture with the face moving [default: where it was cropped].",
    ),
    click.option(
        "--size",
        type=int,
        help="Height of the result in pixels [default: the picture's, or the model's].",
    ),
)
"""Options of the face: ``crop``, ``face``, ``paste_back``, and the result's ``size``."""

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
