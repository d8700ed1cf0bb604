"""``fomm train``: train the networks, alone or as one of several ranks under mpirun."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from fomm_core.cli.param_types import FiniteRange, ReachablePath
from fomm_train.cli.train_arguments import TrainArguments

if TYPE_CHECKING:
    from fomm_core.cli.main import GlobalOptions
    from fomm_train.backend.registry import BackendChoice
    from fomm_train.run.start import RunStart
    from fomm_train.run.train import TrainOptions

# NNabla's CPU kernels use one thread; more in NumPy would only disturb other ranks and workers.
# PyTorch goes by OMP_NUM_THREADS, which is left alone.
_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def _list_configs(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from fomm_train.configs import describe, recipes

    known = recipes()
    width = max(map(len, known))
    for name, path in known.items():
        click.echo(f"{name:{width}}  {describe(path)}")
    context.exit()


def _show_config(context: click.Context, _: click.Parameter, name: str | None) -> None:
    if name is None or context.resilient_parsing:
        return
    from fomm_train.configs import find_config_file

    click.echo(find_config_file(name).read_text(encoding="utf-8"), nl=False)
    context.exit()


@click.command(name="train")
@click.option("--config", help="Configuration file, or the name of one that comes along.")
@click.option(
    "--context",
    "-c",
    type=click.Choice(["auto", "cpu", "cudnn", "mps"]),
    default="auto",
    show_default=True,
    help="Where to compute: cudnn is a GPU of NVIDIA, mps one of Apple (PyTorch only); auto takes "
    "NVIDIA's where there is one.",
)
@click.option(
    "--backend",
    type=click.Choice(["auto", "nnabla", "torch"]),
    default="auto",
    show_default=True,
    help="What computes: the reference, or PyTorch (fomm-train[torch]), which is faster; auto "
    "takes PyTorch where NNabla is not installed or cannot use the GPU.",
)
@click.option("--info", default="", help="A word or two for the log directory's name.")
@click.option(
    "--ft-params",
    type=ReachablePath(),
    help="Begin with these parameters (.h5): stage two, or fine-tuning.",
)
@click.option(
    "--start-epoch",
    type=click.IntRange(min=0),
    help="First epoch with --ft-params [default: the one after the epoch in the file's name].",
)
@click.option(
    "--resume",
    type=ReachablePath(),
    help="Go on exactly where the training with this log directory was interrupted.",
)
@click.option(
    "--out",
    "--log-dir",
    "out",
    type=ReachablePath(),
    help="Log directory [default: a new one below the configuration's monitor_path].",
)
@click.option(
    "--max-minutes",
    type=FiniteRange(min=0, min_open=True),
    help="Save and stop after this time; --resume goes on.",
)
@click.option("--workers", type=click.IntRange(min=0), help="Processes that read data, per rank.")
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Number of newest checkpoints to keep.",
)
@click.option(
    "--save-minutes",
    type=FiniteRange(min=0),
    default=10.0,
    show_default=True,
    help="Longest time between two checkpoints.",
)
@click.option(
    "--type-config",
    type=click.Choice(["float", "tf32", "bfloat16", "half"]),
    help="half: mixed precision, on GPUs; bfloat16 (mixed too) and tf32: with PyTorch "
    "[default: float].",
)
@click.option(
    "--channel-last", is_flag=True, help="Channel-last convolutions, on GPUs or with PyTorch."
)
@click.option(
    "--compile",
    is_flag=True,
    help="Compile networks and losses first, which takes minutes, with PyTorch in one process.",
)
@click.option(
    "--list-configs",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_configs,
    help="List the configurations that come along and exit.",
)
@click.option(
    "--show-config",
    metavar="NAME",
    is_eager=True,
    expose_value=False,
    callback=_show_config,
    help="Print one of them, to be changed, and exit.",
)
@click.pass_obj
def command(options: GlobalOptions | None, /, **arguments: Any) -> None:
    """Train the networks.

    \b
    Examples:
      fomm train --config vox-256
      fomm train --config vox-adv-256 --ft-params tmp.monitor/.../params_at_epoch_99.h5
      fomm train --resume tmp.monitor/2026-01-31-120000
      mpirun -n 4 fomm train --config my.yaml
      fomm train --config my.yaml --backend torch --type-config bfloat16 --channel-last
    """  # noqa: D301 - click reads the backspace itself
    from fomm_core.cli.main import is_quiet

    for name in _THREAD_VARIABLES:
        os.environ.setdefault(name, "1")
    asked = TrainArguments(**arguments)
    asked.check()
    choice = _choose_backend(asked)
    if choice.name == "nnabla":
        from fomm_train.kernels.import_workaround import remember_absent_modules

        remember_absent_modules()
    _train(asked, choice, is_quiet(options))


def _choose_backend(asked: TrainArguments) -> BackendChoice:
    """Choose what computes; an interrupted training goes on with what it had."""
    from fomm_train.backend.registry import choose_backend

    wanted, context = asked.backend, asked.context
    if asked.resume is not None:
        from fomm_train.run.start import choose_resumed_backend

        return choose_resumed_backend(asked.resume, wanted, context)
    return choose_backend(wanted, context, asked.type_config or "float")


def _train(asked: TrainArguments, choice: BackendChoice, quiet: bool) -> None:
    """Join the other ranks, train, and say how it ended."""
    from fomm_core.cli.errors import abort_all_ranks_on_error
    from fomm_train.backend.precision import Arithmetic
    from fomm_train.run.train import run_training

    backend = choice.open()
    context = backend.choose_context(asked.context)
    communicator = backend.join_ranks(context)
    with abort_all_ranks_on_error(communicator):
        beginning = _begin(asked)
        wanted = Arithmetic(
            asked.type_config or "float",
            asked.channel_last,
            compiled=asked.compile,
        )
        arithmetic = replace(beginning.settle_arithmetic(wanted), backend=choice.name)
        precision = backend.make_precision(context, communicator, arithmetic)
        if communicator.is_main and not quiet:
            _tell_beginning(beginning, communicator.size, choice, context)
        outcome = run_training(beginning, communicator, precision, _session(asked, quiet))
        if communicator.is_main and not quiet:
            how = "trained" if outcome.is_complete else f"stopped ({outcome.reason}) and saved"
            click.echo(f"{how}: {outcome.progress.step} steps; {outcome.log_directory}")


def _session(asked: TrainArguments, quiet: bool) -> TrainOptions:
    from fomm_train.monitoring.recorder import CheckpointPolicy
    from fomm_train.run.train import TrainOptions

    return TrainOptions(
        max_minutes=asked.max_minutes,
        workers=asked.workers,
        keeping=CheckpointPolicy(asked.save_minutes, asked.keep),
        quiet=quiet,
    )


def _begin(asked: TrainArguments) -> RunStart:
    """Find out where to begin."""
    from fomm_train.configs import find_config
    from fomm_train.run.start import fine_tune, resume, start_new

    if asked.resume is not None:
        return resume(asked.resume)
    config, out, info = find_config(asked.config or ""), asked.out, asked.info
    if asked.ft_params is None:
        return start_new(config, out, info)
    return fine_tune(config, out, info, asked.ft_params, asked.start_epoch)


def _tell_beginning(beginning: RunStart, ranks: int, choice: BackendChoice, context: str) -> None:
    if choice.reason:
        click.echo(f"backend {choice.name}: {choice.reason}")
    epochs = beginning.config.train_params.num_epochs
    where = f"epoch {beginning.epoch} of {epochs}"
    if beginning.origin:
        where += f", with {beginning.origin}"
    processes = "" if ranks == 1 else f" on {ranks} ranks"
    computed = f"{choice.name}, {context}"
    logs = beginning.directory.path
    click.echo(f"training{processes} ({computed}) from {where}; logs in {logs}")
