"""``fomm convert``: PyTorch checkpoints to NNabla parameter files and back."""

from __future__ import annotations

from pathlib import Path

import click

from fomm_core.cli.options import config_option
from fomm_core.cli.param_types import ReachablePath
from fomm_core.errors import OutputError, ParameterError

TORCH_ENDINGS = (".pth.tar", ".pth", ".pt", ".tar", ".ckpt")
NNABLA_ENDING = ".h5"


@click.command(name="convert")
@click.argument("source", type=ReachablePath())
@click.argument("target", type=ReachablePath())
@config_option(
    "The model's configuration: a file of either implementation, or a name as of fomm train.",
    required=True,
)
@click.option("--half", is_flag=True, help="Store the .h5 in half precision: half the size.")
@click.option("--force", is_flag=True, help="Replace TARGET if it exists.")
def command(source: Path, target: Path, config: Path, half: bool, force: bool) -> None:
    """Convert a PyTorch checkpoint to an NNabla parameter file, or back.

    The direction follows from the endings: .pth.tar, .pth, .pt, .tar or .ckpt for PyTorch, .h5
    for NNabla. All networks in the file are converted, also in half precision and wrapped as
    other trainers do; states of optimizers are not.

    \b
    Examples:
      fomm convert vox-cpk.pth.tar params.h5 --config vox-256.yaml
      fomm convert params.h5 checkpoint.pth.tar --config training_info.yaml

    PyTorch must be installed: pip install 'fomm-core[torch]'
    """  # noqa: D301 - click reads the backspace itself
    to_nnabla = _is_to_nnabla(source, target)
    if half and not to_nnabla:
        raise ParameterError(f"--half: expected an {NNABLA_ENDING} file to write, found {target}")
    if target.exists() and not force:
        raise OutputError(f"{target}: exists already; --force replaces it")
    click.echo(_convert(source, target, config, to_nnabla, half))


def _is_to_nnabla(source: Path, target: Path) -> bool:
    """Tell the direction from the endings.

    Raises:
        ParameterError: they do not say it.
    """
    endings = tuple(_format_of(path) for path in (source, target))
    if endings == ("torch", "nnabla"):
        return True
    if endings == ("nnabla", "torch"):
        return False
    raise ParameterError(
        f"expected one file ending in {NNABLA_ENDING} and one in {', '.join(TORCH_ENDINGS)}, "
        f"found {source.name} and {target.name}"
    )


def _format_of(path: Path) -> str | None:
    """Tell the format of a file from its ending."""
    name = path.name.lower()
    if name.endswith(NNABLA_ENDING):
        return "nnabla"
    return "torch" if name.endswith(TORCH_ENDINGS) else None


def _convert(source: Path, target: Path, config_path: Path, to_nnabla: bool, half: bool) -> str:
    """Convert, and say what was converted."""
    from fomm_core.config import load_config
    from fomm_core.convert.torch_checkpoint import from_torch, to_torch
    from fomm_core.model.parameters import load_parameters, save_parameters

    config = load_config(config_path, unknown="ignore")
    if to_nnabla:
        parameters = from_torch(source, config)
        save_parameters(target, parameters, dtype="float16" if half else "float32")
    else:
        parameters = load_parameters(source)
        to_torch(parameters, config, target)
    networks = ", ".join(dict.fromkeys(name.split("/")[0] for name in parameters))
    return f"{target}: {len(parameters)} parameters of {networks}"
