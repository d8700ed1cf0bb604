"""``fomm export``: a configuration with parameters as a model folder that runs anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fomm_core.cli.options import config_option, path_option
from fomm_core.cli.param_types import ReachablePath
from fomm_core.errors import ModelError

if TYPE_CHECKING:
    from fomm_core.config import Config
    from fomm_core.model.bundle import ModelCard


@click.command(name="export")
@click.argument("folder", type=ReachablePath())
@config_option("Configuration: a file, or a name as of fomm train.", required=True)
@path_option("--params", help_text="Parameters (.h5) [default: those that --config names].")
@click.option("--name", help="The model's name [default: the card's, or the folder's].")
@path_option(
    "--card",
    help_text="YAML with description, provenance, licence and metrics to put on the card.",
)
@click.option("--half", is_flag=True, help="Round the weights to float16: half the size.")
@click.option("--no-params", is_flag=True, help="Leave params.h5 out.")
@click.option("--force", is_flag=True, help="Replace the model folder if there is one.")
def command(folder: Path, **options: Any) -> None:
    """Export a model as a folder that needs no NNabla to run.

    Where NNabla is installed (Python 3.10), the four ONNX graphs are compared with its networks
    before the folder appears. Elsewhere only the networks of the published 256x256
    configurations are exported, from graphs that come with the package; nothing is compared
    then. The folder works on every Python, with --model FOLDER.

    With --half the weights keep three decimal digits, so results are near those of the whole
    weights and not equal to them.

    \b
    Examples:
      fomm export my-model --config training_info.yaml
      fomm export my-model --config vox-256 --params params.h5 --half
    """  # noqa: D301 - click reads the backspace itself
    from fomm_core.cli.signals import ended_like_interrupted
    from fomm_core.export.exporter import export_bundle, has_nnabla
    from fomm_core.model.bundle import Bundle
    from fomm_core.model.finding import find_model
    from fomm_core.model.parameters import load_parameters

    files = find_model(None, options["config"], options["params"])
    if files.parameters is None:
        raise ModelError(f"{options['config']}: expected parameters to export, found none")
    card = _card(options["card"], options["name"], folder, files.config)
    with ended_like_interrupted():
        bundle: Bundle = export_bundle(
            folder,
            card,
            load_parameters(files.parameters),
            half=options["half"],
            keep_parameters=not options["no_params"],
            replace=options["force"],
            origin=str(files.parameters),
        )
    size = sum(path.stat().st_size for path in bundle.folder.iterdir())
    proof = _proof(has_nnabla(), options["half"])
    click.echo(f"{bundle.folder}: {card.name}, {size / 1e6:.1f} MB, {proof}")


def _proof(compared: bool, half: bool) -> str:
    """Say what is known of the exported graphs."""
    if not compared:
        return "not compared with NNabla, which is not installed"
    if half:
        return "near NNabla's networks (weights rounded to float16)"
    return "equal to NNabla's networks"


def _card(path: Path | None, name: str | None, folder: Path, config: Config) -> ModelCard:
    """The model's card, with the texts of a YAML file where one is given."""
    from fomm_core.model.bundle import parse_card
    from fomm_core.utils.yaml import read_yaml

    texts = {} if path is None else read_yaml(path, ModelError)
    if not isinstance(texts, dict):
        raise ModelError(f"{path}: expected a mapping of texts, found {type(texts).__name__}")
    named = {"name": folder.resolve().name, **texts, **({"name": name} if name else {})}
    return parse_card({**named, "config": config}, str(path or folder))
