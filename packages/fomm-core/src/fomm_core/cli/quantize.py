"""``fomm quantize``: an INT8 decoder, calibrated on a clip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fomm_core.cli.options import path_option
from fomm_core.errors import ModelError

if TYPE_CHECKING:
    from fomm_core.cli.main import GlobalOptions


@click.command(name="quantize")
@click.option("--model", required=True, help="A model's folder, or the name of an embedded one.")
@path_option("--driving", required=True, help_text="The clip to calibrate on: of what you animate.")
@path_option(
    "--source", help_text="The picture that it moves [default: the clip's own first frame]."
)
@path_option("--output", help_text="A new model folder [default: the model's own].")
@click.pass_obj
def command(
    program: GlobalOptions | None,
    /,
    model: str,
    driving: Path,
    source: Path | None,
    output: Path | None,
) -> None:
    """Add an INT8 decoder to a model, for --precision int8.

    It is meant for processors with VNNI that have no bfloat16, as most laptops: there the decoder
    takes about half the time. The clip shows which values occur; a few seconds that are like
    those to be animated are enough. Keypoints, motion and the last convolution keep their
    precision, and so do the model's other files.

    \b
    Examples:
      fomm quantize --model my-model --driving clip.mp4
      fomm quantize --model face --driving clip.mp4 --source face.png --output face-int8
    """  # noqa: D301 - click reads the backspace itself
    from fomm_core.cli.main import is_quiet
    from fomm_core.cli.progress import ProgressBar
    from fomm_core.cli.signals import ended_like_interrupted
    from fomm_core.image import read_image
    from fomm_core.model.bundle import embedded_models, require_room
    from fomm_core.model.finding import find_model
    from fomm_core.pipeline.quantization import quantize_decoder
    from fomm_core.utils.paths import printable
    from fomm_core.video import VideoReader

    files = find_model(model)
    if files.bundle is None:
        raise ModelError(f"{model}: expected a model folder; make one with fomm export")
    if output is None and model in embedded_models():
        raise ModelError(f"{model}: expected --output FOLDER to copy it to, found none")
    if output is not None:
        require_room(output, replace=False)
    place = output or files.bundle.folder
    picture = read_image(source) if source else next(iter(VideoReader(driving)))
    quiet = is_quiet(program)
    with ended_like_interrupted(), ProgressBar(quiet) as bar:
        bundle = quantize_decoder(files, files.bundle, picture, driving, place, bar)
    folder = printable(str(bundle.folder))
    click.echo(f"{folder}: {bundle.card.name}, with an INT8 decoder: --precision int8")
