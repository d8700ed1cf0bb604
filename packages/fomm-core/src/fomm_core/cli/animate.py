"""``fomm animate``: one picture and one video in, the animated picture out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fomm_core.cli.options import (
    animation_options,
    choice_option,
    engine_of,
    engine_options,
    face_options,
    frame_rate_option,
    model_options,
    path_option,
    view_options,
)
from fomm_core.cli.pairs import CONFIGURED, animate_pairs
from fomm_core.cli.param_types import Square
from fomm_core.errors import FommError
from fomm_core.model.samples import sample_of

if TYPE_CHECKING:
    from fomm_core.cli.main import GlobalOptions
    from fomm_core.loading import Model
    from fomm_core.model.files import ModelFiles
    from fomm_core.motion.template import MotionTemplate
    from fomm_core.motion.transfer import MotionMode
    from fomm_core.pipeline.options import AnimationOptions
    from fomm_core.pipeline.run import AnimationResult


@click.command(name="animate")
@path_option("--source", help_text="Picture to animate.")
@path_option(
    "--driving",
    help_text="Video, GIF, folder of frames or picture whose motion is taken.",
)
@path_option(
    "--pairs",
    is_flag=False,
    flag_value=CONFIGURED,
    help_text="Many animations: a CSV file of source,driving[,output] "
    "[without a file: the one that the configuration names].",
)
@model_options
@engine_options
@path_option(
    "--out-dir",
    "-o",
    default=Path("result"),
    show_default=True,
    help_text="Folder of all results.",
)
@path_option(
    "--output",
    help_text="Name the result itself: .mp4, .mov, .mkv, .webm, .gif (or a folder, for PNGs).",
)
@view_options
@frame_rate_option("Frame rate of the result [default: the driving's].")
@click.option(
    "--no-audio",
    "audio",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Leave the driving video's sound out.",
)
@click.option(
    "--adapt-movement-scale",
    "adapt_scale",
    is_flag=True,
    help="Scale relative movements by the sizes of source and driving object.",
)
@click.option(
    "--unuse-relative-movement",
    is_flag=True,
    help="Move to the driving keypoints themselves (absolute coordinates).",
)
@click.option(
    "--unuse-relative-jacobian",
    is_flag=True,
    help="Take the driving jacobians as detected; keypoints stay relative.",
)
@click.option(
    "--find-best-frame",
    is_flag=True,
    help="Take as reference the driving frame whose pose is nearest to the source's.",
)
@click.option("--smooth", is_flag=True, help="Smooth the driving keypoints against jitter.")
@face_options
@click.option(
    "--square",
    type=Square(),
    help="Square of the source to animate, in its pixels, instead of a found face.",
)
@click.option(
    "--detail/--no-detail",
    default=True,
    help="Add the picture's own fine detail to faces larger than the model's frames.",
)
@choice_option("fit", "How pictures of another shape are brought to the model's.")
@click.option("--start", type=float, help="Where in the driving video to begin, in seconds.")
@click.option("--end", type=float, help="Where in the driving video to stop, in seconds.")
@path_option("--motion-template", help_text="Saved motion (.npz) in place of --driving.")
@path_option("--save-motion", help_text="Also save the driving motion (.npz) for later use.")
@click.option(
    "--no-metadata",
    "metadata",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Do not say in the result's metadata that it was animated.",
)
@click.option(
    "--keep-going",
    is_flag=True,
    help="Where the driving video is broken, animate what comes before; with --pairs also "
    "report a pair that fails, and go on.",
)
@click.option("--resume", is_flag=True, help="With --pairs: leave results alone that are there.")
@click.pass_obj
def command(program: GlobalOptions | None, /, **options: Any) -> None:
    """Animate a picture with the motion of a video.

    Without --source and --driving an embedded sample is animated, and without --model or
    --config the embedded model face is used, for which pictures and videos are cropped to the
    head. The result keeps the driving video's frame rate and sound, and says in its metadata
    that it was animated, by which version and which model; its path is printed. Ask people for
    their consent before you animate them.

    \b
    Examples:
      fomm animate
      fomm animate --source face.png --driving talk.mp4 --adapt-movement-scale
      fomm animate --pairs list.csv --resume --keep-going
      mpirun -n 4 fomm animate --pairs list.csv
      fomm animate --model face --source holiday.jpg --driving talk.mp4 --face all
      fomm animate --model vox --source face.png --driving talk.mp4 --find-best-frame
      fomm animate --config training_info.yaml --params params.h5 \\
                   --source face.png --driving frames/ --only-generated --output face.gif

    Files in a list of --pairs are looked for in the list's own folder, then among the test
    videos of the configuration's data set; results that it names lie in --out-dir. Each source
    is encoded once, each motion detected once, and under mpirun the processes share the pairs.

    Relative motion (the default) wants the driving video to begin in the source's pose; see
    --find-best-frame and --unuse-relative-movement where it does not.
    """  # noqa: D301 - click reads the backspace itself
    from fomm_core.cli.main import is_quiet
    from fomm_core.cli.signals import ended_like_interrupted
    from fomm_core.loading import start_model
    from fomm_core.model.finding import find_model
    from fomm_core.motion.template import MotionTemplate
    from fomm_core.pipeline.output import result_path

    quiet = is_quiet(program)
    if options["pairs"] is not None:
        animate_pairs(options, _motion_mode(options), quiet)
        return
    if options["resume"]:
        raise FommError("--resume: expected with --pairs")
    files = find_model(options["model"], options["config"], options["params"])
    source, moving = _inputs(options, files.name)
    record = animation_options(
        options, motion=_motion_mode(options), spared=_spared(options, files)
    )
    folder = options["out_dir"] / files.name / "arbitrary"
    output = options["output"] or result_path(folder, source, moving, record)
    driving = MotionTemplate.load(moving) if options["motion_template"] else moving
    _look_at(source, moving if driving is moving else None)
    # A model that is started for the first time is exported to the cache folder.
    with ended_like_interrupted(), start_model(files, engine_of(options)) as model:
        if not quiet:
            click.echo(model.describe(), err=True)
        _animate(model, source, driving, output, record, quiet)


def _look_at(source: Path, driving: Path | None) -> None:
    """Refuse a picture or a driving video that cannot be read, before a model is started."""
    from fomm_core.image import picture_size
    from fomm_core.video import probe

    picture_size(source)
    if driving is not None:
        probe(driving)


def _spared(options: dict[str, Any], files: ModelFiles) -> tuple[Path, ...]:
    """Files that are read besides source and driving video."""
    read = (options["motion_template"], options["config"], files.parameters)
    return tuple(path for path in read if path is not None)


def _inputs(options: dict[str, Any], model: str) -> tuple[Path, Path]:
    """The source, and the driving video or motion template; by default the model's sample."""
    source, driving = options["source"], options["driving"]
    template = options["motion_template"]
    if source is None and driving is None and template is None:
        return sample_of(model)
    if source is None:
        raise FommError("--source: expected a picture to animate, found none")
    if (driving is None) == (template is None):
        found = "neither" if driving is None else "both"
        raise FommError(f"expected either --driving or --motion-template, found {found}")
    if template is not None and (options["start"], options["end"]) != (None, None):
        raise FommError("--start and --end: expected a driving video, found a motion template")
    return source, driving or template


def _motion_mode(options: dict[str, Any]) -> MotionMode:
    """The motion mode of the seed's two flags."""
    if options["unuse_relative_movement"]:
        return "absolute"
    return "relative-values" if options["unuse_relative_jacobian"] else "relative"


def _animate(
    model: Model,
    source: Path,
    driving: Path | MotionTemplate,
    output: Path,
    options: AnimationOptions,
    quiet: bool,
) -> None:
    """Animate with a progress bar and say where the result is."""
    from fomm_core.cli.progress import ProgressBar
    from fomm_core.pipeline.run import animate_file

    bar = ProgressBar(quiet)
    try:
        with bar:
            result = animate_file(source, driving, output, options, model=model, on_progress=bar)
    except KeyboardInterrupt:
        partial = output.with_name(f"{output.name}.part")
        if bar.animated and partial.exists():
            click.echo(f"what there is so far: {partial}", err=True)
        raise
    _report(result, quiet)


def _report(result: AnimationResult, quiet: bool) -> None:
    if not quiet:
        speed = result.frames / max(result.seconds, 1e-9)
        text = f"{result.frames} frames in {result.seconds:.1f} s, {speed:.0f} frames/s"
        click.echo(text, err=True)
    # As bytes, since a file's name need not be text that the terminal can show.
    click.echo(os.fsencode(result.output) if os.name == "posix" else str(result.output))
