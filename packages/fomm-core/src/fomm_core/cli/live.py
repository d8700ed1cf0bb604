"""``fomm live``: pictures that follow a camera, into a virtual camera, a browser or a file."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fomm_core.cli.options import (
    engine_of,
    engine_options,
    face_options,
    model_options,
    path_option,
)
from fomm_core.cli.param_types import FiniteRange
from fomm_core.errors import FommError, OutputError
from fomm_core.model.samples import sample_of

if TYPE_CHECKING:
    from fomm_core.cli.main import GlobalOptions
    from fomm_core.live.camera import Camera
    from fomm_core.live.preview import Preview
    from fomm_core.live.run import LiveSink, LiveStatus
    from fomm_core.live.source import LiveSource
    from fomm_core.loading import Model


@click.command(name="live")
@path_option(
    "--source",
    "sources",
    multiple=True,
    help_text="Picture that follows; may be repeated, keys 1 to 9 choose.",
)
@click.option(
    "--camera",
    default="0",
    show_default=True,
    help="Camera: its number or name, a video file that stands in for it, or test.",
)
@click.option(
    "--virtual-camera",
    metavar="DEVICE",
    help="Loopback device to write to, such as /dev/video9 (Linux; see fomm doctor).",
)
@path_option("--output", help_text="Video file to record: .mp4, .mov, .mkv, .webm, .gif.")
@click.option("--preview", is_flag=True, help="Show the picture in the browser.")
@click.option(
    "--seconds",
    type=FiniteRange(min=0, min_open=True),
    help="Stop after so long by the camera's time or, while no frame comes, by the clock.",
)
@model_options
@engine_options
@click.option(
    "--gain",
    type=FiniteRange(0.2, 4.0),
    default=1.0,
    show_default=True,
    help="Factor on the movements.",
)
@click.option("--mirror", is_flag=True, help="Take the camera's frames as a mirror shows them.")
@click.option("--smooth/--no-smooth", default=True, help="Smooth movements against jitter.")
@click.option(
    "--countdown",
    type=FiniteRange(0.1, 60),
    default=2.0,
    show_default=True,
    help="Seconds in which the pose to begin with is chosen.",
)
@click.option(
    "--adapt-movement-scale/--keep-movement-scale",
    "adapt_scale",
    default=True,
    help="Scale movements by the sizes of source and driving face.",
)
@face_options
@click.option(
    "--detail/--no-detail",
    default=False,
    help="Add the picture's own fine detail to large faces; takes time.",
)
@click.pass_obj
def command(program: GlobalOptions | None, /, **options: Any) -> None:
    """Let pictures follow a camera, live.

    Look straight ahead when it counts down: the calmest moment nearest to the picture's own pose
    is taken for the beginning. Only the camera's newest frame is ever animated, so that nothing
    lags behind, however slow the machine. Ask people for their consent before you animate them.

    \b
    Keys: X take my pose now   F find a better one   1-9 pictures
          R mirror   + - gain   Q quit

    \b
    Examples:
      fomm live --source face.png --preview
      fomm live --source face.png --virtual-camera /dev/video9
      fomm live --source ann.jpg --source bob.jpg --camera 1 --output call.mp4
      fomm live --model avatar --camera talk.mp4 --output result.mp4 --seconds 5

    A virtual camera is what meeting programs see; fomm doctor lists cameras and loopback devices
    and says how to make one. A recording ends properly by Q, --seconds or Ctrl-C. The tab Live
    of fomm demo does the same with a camera of the browser's.
    """  # noqa: D301 - click reads the backspace itself
    from fomm_core.cli.main import is_quiet
    from fomm_core.live.camera import open_camera
    from fomm_core.loading import start_model
    from fomm_core.model.finding import find_model

    if not any(options[name] for name in ("virtual_camera", "output", "preview")):
        raise FommError("expected --preview, --virtual-camera or --output, found none of them")
    _spare_inputs(options)
    quiet = is_quiet(program)
    files = find_model(options["model"], options["config"], options["params"])
    with (
        open_camera(options["camera"]) as camera,
        start_model(files, engine_of(options)) as model,
    ):
        sources = _prepare_sources(model, options)
        status = _run(model, camera, sources, options, quiet)
    if not quiet:
        text = f"{status.frames} frames, {status.dropped} of the camera's left out"
        click.echo(text, err=True)
    if options["output"] is not None and status.frames:
        output = options["output"]
        click.echo(os.fsencode(output) if os.name == "posix" else str(output))


def _spare_inputs(options: dict[str, Any]) -> None:
    from fomm_core.pipeline.options import AnimationOptions
    from fomm_core.pipeline.output import spare_inputs

    if options["output"] is not None:
        read = [*options["sources"], Path(options["camera"])]
        spare_inputs(read, options["output"], AnimationOptions())


def _prepare_sources(model: Model, options: dict[str, Any]) -> list[LiveSource]:
    from fomm_core.image import read_image
    from fomm_core.live.source import prepare_live_source
    from fomm_core.pipeline.options import AnimationOptions

    names = ("adapt_scale", "crop", "face", "paste_back", "size", "detail")
    record = AnimationOptions(view="generated", **{name: options[name] for name in names})
    paths = options["sources"] or (sample_of(model.name)[0],)
    return [prepare_live_source(model, read_image(path), record) for path in paths]


def _run(
    model: Model,
    camera: Camera,
    sources: list[LiveSource],
    options: dict[str, Any],
    quiet: bool,
) -> LiveStatus:
    """Animate until somebody or something ends it; what was recorded is complete then."""
    from fomm_core.cli.keys import pressed_keys
    from fomm_core.cli.live_controls import LiveControls
    from fomm_core.cli.signals import ended_like_interrupted
    from fomm_core.live.options import LiveOptions
    from fomm_core.live.run import run_live
    from fomm_core.live.session import LiveSession

    wanted = LiveOptions(
        options["gain"], options["mirror"], options["smooth"], options["countdown"]
    )
    session = LiveSession(sources[0], wanted)
    failure: FommError | None = None
    with ExitStack() as stack:
        sinks = _open_sinks(stack, model, camera, options)
        keys = stack.enter_context(pressed_keys())
        controls = LiveControls(session, sources, keys, options["seconds"], quiet)
        try:
            with closing(controls), ended_like_interrupted() as asked:
                run_live(session, camera, sinks, lambda now: controls(now) and not asked.is_set())
        except KeyboardInterrupt:
            pass  # as good an end as any other
        except FommError as error:
            if isinstance(error, OutputError) or not controls.status.frames:
                raise
            failure = error  # a camera that was pulled out takes no recording with it
    if failure is not None:
        raise failure
    return controls.status


def _open_sinks(
    stack: ExitStack, model: Model, camera: Camera, options: dict[str, Any]
) -> list[LiveSink]:
    from fomm_core.live.preview import Preview
    from fomm_core.live.recorder import open_recorder
    from fomm_core.live.virtual_camera import VirtualCamera
    from fomm_core.pipeline.provenance import Provenance

    sinks: list[LiveSink] = []
    if options["virtual_camera"] is not None:
        device = VirtualCamera(options["virtual_camera"], camera.frame_rate)
        sinks.append(stack.enter_context(closing(device)))
    if options["output"] is not None:
        comment = Provenance(model.name).to_comment()
        recorder = open_recorder(options["output"], camera.frame_rate, comment)
        sinks.append(stack.enter_context(recorder))
    if options["preview"]:
        preview = stack.enter_context(closing(Preview()))
        sinks.append(preview)
        _show_preview(preview)
    return sinks


def _show_preview(preview: Preview) -> None:
    """Tell the address of the preview, and open it where there is a browser with windows."""
    from fomm_core.cli.browser import open_in_window

    click.echo(f"preview at {preview.address}", err=True)
    if not open_in_window(preview.entrance):
        click.echo("found no browser with a window; open this address in one", err=True)
