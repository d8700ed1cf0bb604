"""``fomm demo``: serve the web page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fomm_core.cli.options import device_option
from fomm_core.cli.param_types import FiniteRange

if TYPE_CHECKING:
    from fomm_demo.settings import Settings


@click.command(name="demo")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    default=7860,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen at; 0 takes any that is free.",
)
@click.option(
    "--share/--no-share",
    default=False,
    show_default=True,
    help="Also make a public address, through Gradio's service on the internet.",
)
@click.option(
    "--auth",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of those who may enter: one name:password a line.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    help="Model to offer: a name or a folder; may be repeated, the first is chosen.",
)
@device_option
@click.option(
    "--max-upload-mb",
    default=64,
    show_default=True,
    type=click.IntRange(1, 4096),
    help="Largest upload.",
)
@click.option(
    "--max-seconds",
    default=60.0,
    show_default=True,
    type=FiniteRange(1, 36_000),
    help="Longest part of a video that is animated.",
)
@click.option(
    "--max-pixels",
    default=16_777_216,
    show_default=True,
    type=click.IntRange(4096, 134_217_728),
    help="Largest picture or video frame, width times height.",
)
@click.option(
    "--keep-minutes",
    default=30.0,
    show_default=True,
    type=FiniteRange(1, 10_000),
    help="How long uploads and results are kept.",
)
@click.option(
    "--queue-size",
    default=20,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="How many jobs may wait.",
)
@click.option(
    "--concurrency",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="How many jobs run at once, in turns of one frame.",
)
@click.option("--root-path", default="", help="Where the page lies behind a proxy: /fomm.")
@click.pass_obj
def command(program: Any, /, **options: Any) -> None:
    """Serve a web page that animates pictures.

    The page works without internet, and keeps no visitor's files for long.

    \b
    Examples:
      fomm demo
      fomm demo --model vox --model runs/avatar
      fomm demo --host 0.0.0.0 --auth accounts.txt --max-seconds 20 --root-path /fomm
    """  # noqa: D301 - click reads the backspace itself
    from fomm_core.cli.main import is_quiet
    from fomm_demo.web.server import serve

    quiet = is_quiet(program)
    serve(_settings(options), (lambda line: None) if quiet else _say)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _settings(options: dict[str, Any]) -> Settings:
    from fomm_demo.settings import Limits, Settings, read_accounts

    return Settings(
        host=options["host"],
        port=options["port"],
        share=options["share"],
        accounts=read_accounts(options["auth"]) if options["auth"] else (),
        limits=Limits(
            upload_mb=options["max_upload_mb"],
            seconds=options["max_seconds"],
            pixels=options["max_pixels"],
            keep_minutes=options["keep_minutes"],
        ),
        queue_size=options["queue_size"],
        concurrency=options["concurrency"],
        models=options["models"],
        device=options["device"],
        root_path=options["root_path"].rstrip("/"),
    )
