"""``fomm reconstruct``: the test videos of a data set, animated from their first frames."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fomm_core.cli.options import (
    animation_options,
    choice_option,
    engine_of,
    engine_options,
    frame_rate_option,
    model_options,
    path_option,
    threads_of_rank,
    view_options,
)
from fomm_core.engine.spec import DEFAULT_DEVICE
from fomm_core.errors import ConfigError

if TYPE_CHECKING:
    from fomm_core.cli.main import GlobalOptions
    from fomm_core.config import DatasetParams
    from fomm_core.distributed import Communicator
    from fomm_core.loading import Model
    from fomm_core.model.files import ModelFiles
    from fomm_eval.reconstruction.manifest import Manifest
    from fomm_eval.reconstruction.reconstruct import Reconstruction, ReconstructionSettings


@click.command(name="reconstruct")
@model_options
@path_option(
    "--data",
    help_text="Data set: test/, or a flat folder of which a fifth is for tests "
    "[default: dataset_params.root_dir of the configuration].",
)
@engine_options
@path_option(
    "--out-dir",
    "-o",
    default=Path("result"),
    show_default=True,
    help_text="Folder of all results.",
)
@view_options
@frame_rate_option("Frame rate of the videos [default: their own].")
@click.option(
    "--eval",
    "strips",
    is_flag=True,
    help="Also write the generated frames of each video side by side, as one PNG.",
)
@choice_option("fit", "How videos of another shape are brought to the model's.")
@click.option("--resume", is_flag=True, help="Leave alone what an earlier run has completed.")
@click.option(
    "--keep-going",
    "skip_broken",
    is_flag=True,
    help="Report broken videos and go on without them.",
)
@click.pass_obj
def command(program: GlobalOptions | None, /, **options: Any) -> None:
    """Reconstruct the test videos of a data set and print the mean L1 distance.

    Each video is animated from its own first frame; a perfect model would give it back. The
    results lie in <out-dir>/<model>/reconstruction, strips of --eval in its folder png, and
    figures of each video in reconstruction.json. `fomm evaluate` has more metrics.

    Under mpirun the processes share the videos; the figures are the same.

    \b
    Examples:
      fomm reconstruct --data data/avatars --eval
      fomm reconstruct --config training_info.yaml --only-generated --output-png
      mpirun -n 4 fomm reconstruct --config training_info.yaml --eval --resume
    """  # noqa: D301 - click reads the backspace itself
    from fomm_core.cli.errors import abort_all_ranks_on_error
    from fomm_core.cli.main import is_quiet
    from fomm_core.cli.signals import ended_like_interrupted
    from fomm_core.distributed import join_ranks, raise_on_all_ranks
    from fomm_core.model.finding import find_model

    ranks = join_ranks()
    quiet = not ranks.is_main or is_quiet(program)
    with abort_all_ranks_on_error(ranks), ended_like_interrupted():
        with raise_on_all_ranks(ranks):
            files = find_model(options["model"], options["config"], options["params"])
            settings = _settings(options, files.name)
        outcome = _run(files, settings, ranks, options, quiet)
        if ranks.is_main:
            _report(outcome, files.name, settings)


def _settings(options: dict[str, Any], model: str) -> ReconstructionSettings:
    from fomm_eval.reconstruction.reconstruct import ReconstructionSettings

    return ReconstructionSettings(
        folder=options["out_dir"] / model / "reconstruction",
        strips=options["strips"],
        options=animation_options(options),
    )


def _run(
    files: ModelFiles,
    settings: ReconstructionSettings,
    ranks: Communicator,
    options: dict[str, Any],
    quiet: bool,
) -> Reconstruction:
    """Reconstruct with a progress bar of this process's own videos."""
    from fomm_core.dataset import part_folder
    from fomm_core.distributed import raise_on_all_ranks
    from fomm_core.loading import start_model
    from fomm_eval.cli.progress import video_bar
    from fomm_eval.data.videos import find_test_videos
    from fomm_eval.reconstruction.reconstruct import reconstruct_all

    data = files.config.dataset_params
    with ExitStack() as stack:
        with raise_on_all_ranks(ranks):
            root = _root(options["data"], data)
            videos = find_test_videos(root, by_identity=data.id_sampling)
            settings = replace(settings, root=part_folder(root, "test"))
            threads = threads_of_rank(options["threads"], ranks)
            model = stack.enter_context(start_model(files, engine_of(options, threads)))
            manifest = _manifest(files, model, settings, root)
        if not quiet:
            click.echo(model.describe(), err=True)
        bar = stack.enter_context(video_bar(len(ranks.share(videos)), quiet))
        with raise_on_all_ranks(ranks):
            return reconstruct_all(
                model,
                videos,
                settings,
                manifest,
                ranks=ranks,
                resume=options["resume"],
                keep_going=options["skip_broken"],
                on_progress_of=bar.callback_of,
            )


def _root(data: Path | None, configured: DatasetParams) -> Path:
    """The data set that is named, or the one of the configuration.

    Raises:
        ConfigError: the configuration's avatars are not on disk.
    """
    if data is not None:
        return data
    for kind, people in (("avatars", configured.avatars), ("heads", configured.heads)):
        if people is not None:
            raise ConfigError(
                f"dataset_params.{kind}: expected videos on disk, found {kind} that are made in "
                f"training; write some with fomm {kind} and name them with --data"
            )
    return Path(configured.root_dir)


def _manifest(
    files: ModelFiles, model: Model, settings: ReconstructionSettings, root: Path
) -> Manifest:
    """Complete videos under these settings; whether strips are too, their files tell.

    Raises:
        ModelError: a file of the model cannot be read.
    """
    from fomm_eval.reconstruction.manifest import Manifest, fingerprint_of

    what = replace(settings, folder=root.resolve(), strips=False)
    engine = model.engine
    # Videos that were made before devices could be named count as the default's.
    device = () if engine.device == DEFAULT_DEVICE else (engine.device,)
    how = (what, engine.name, engine.precision, *device)
    return Manifest(settings.folder, fingerprint_of(files, *how))


def _report(outcome: Reconstruction, model: str, settings: ReconstructionSettings) -> None:
    """Write the figures beside the videos, and print their mean."""
    import json

    from fomm_core.utils.files import atomic_path
    from fomm_core.utils.paths import printable

    figures = {
        "model": model,
        "l1": outcome.l1,
        "frames": outcome.frames,
        "videos": [
            {"name": printable(v.name), "frames": v.frames, "l1": v.l1} for v in outcome.videos
        ],
        "failures": [
            {"name": printable(f.name), "reason": printable(f.reason)} for f in outcome.failures
        ],
    }
    with atomic_path(settings.folder / "reconstruction.json") as partial:
        partial.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    click.echo(f"results: {settings.folder}", err=True)
    if outcome.failures:
        click.echo(f"broken and left out: {len(outcome.failures)}", err=True)
    count = len(outcome.videos)
    click.echo(f"mean L1: {outcome.l1:.6f} ({outcome.frames} frames of {count} videos)")
