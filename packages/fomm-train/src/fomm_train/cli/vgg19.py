"""``fomm vgg19``: weights of VGG19 for the perceptual loss."""

from __future__ import annotations

from pathlib import Path

import click

from fomm_core.cli.options import ReachablePath
from fomm_core.errors import OutputError, ParameterError


@click.group(name="vgg19")
def command() -> None:
    """Prepare the weights of VGG19, which the perceptual loss needs."""


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

    if target.suffix.lower() != ".h5":
        raise ParameterError(f"{target}: expected a file ending in .h5 to write")
    if target.exists() and not force:
        raise OutputError(f"{target}: exists already; --force replaces it")
    convert_torchvision(source, target)
    click.echo(f"{target}: the 13 convolutions of VGG19 up to relu5_1")
