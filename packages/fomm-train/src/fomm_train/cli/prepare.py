"""``fomm prepare``: a folder of videos becomes a data set of the model's size."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fomm_core.cli.param_types import ReachablePath
from fomm_core.errors import MediaError, OutputError

if TYPE_CHECKING:
    from fomm_train.data.prepare.plan import ClipJob, Settings

_log = logging.getLogger(__name__)


def read_size(_: click.Context, __: click.Parameter, text: str) -> tuple[int, int]:
    """Read ``256`` or ``256x192`` (width x height) as (height, width).

    Raises:
        click.BadParameter: it is no size.
    """
    match = re.fullmatch(r"([1-9]\d{0,3})(?:x([1-9]\d{0,3}))?", text)
    if match is None:
        raise click.BadParameter(f"expected 256 or 256x192 (width x height), found {text!r}")
    width, height = int(match[1]), int(match[2] or match[1])
    return height, width


@click.command(name="prepare")
@click.argument("videos", type=ReachablePath())
@click.argument("out", type=ReachablePath())
@click.option(
    "--size",
    default="256",
    show_default=True,
    callback=read_size,
    help="Frames of the model: 256, or 256x192 (width x height).",
)
@click.option(
    "--boxes",
    type=ReachablePath(),
    help="CSV of parts to cut out: file, start, end (frames), left, top, right, bottom.",
)
@click.option(
    "--crop-faces", is_flag=True, help="Cut out the faces found, as VoxCeleb's clips are."
)
@click.option(
    "--format",
    "form",
    default="png",
    show_default=True,
    type=click.Choice(["png", "jpg", "mp4"]),
    help="Folders of pictures, or small videos that are quick to read single frames from.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    help="Processes, each making one clip at a time; 0 for none.  [default: one for each core]",
)
@click.option("--keep-going", is_flag=True, help="Report broken videos and go on without them.")
@click.pass_context
def command(
    context: click.Context,
    videos: Path,
    out: Path,
    size: tuple[int, int],
    boxes: Path | None,
    crop_faces: bool,
    form: str,
    workers: int | None,
    keep_going: bool,
) -> None:
    """Turn a folder of videos into a data set of the model's size.

    VIDEOS holds video files or folders of frames, or train/ and test/ with those. Each becomes
    a clip of the same name in OUT, cut at the centre to the model's proportions and scaled.
    Clips that are complete are left alone, so that an interrupted run goes on where it was.

    With --boxes, each row of a CSV file becomes a clip <name>#<n>, n counting the rows of that
    video from 0. The first line names the columns: file; start and end in frames (counted from
    0, end not included; empty for the whole video); left, top, right and bottom in pixels
    (right and bottom not included).

    With --crop-faces, each part of a video in which a face stays about where it is becomes a
    clip <name>#<n>, cut to a steady square around the face. Videos without a face are skipped.
    Every run looks for the faces again.

    \b
    Examples:
      fomm prepare videos data/faces --size 256
      fomm prepare videos data/faces --boxes boxes.csv --format mp4 --keep-going
      fomm prepare videos data/faces --crop-faces
    """  # noqa: D301 - click reads the backspace itself
    from fomm_core.cli.main import is_quiet
    from fomm_core.cli.signals import ended_like_interrupted
    from fomm_core.utils.cache import cache_folder
    from fomm_core.utils.machine import usable_cores
    from fomm_train.data.prepare.plan import Settings
    from fomm_train.data.prepare.sinks import FORMS

    _check_arguments(videos, out, boxes, crop_faces)
    settings = Settings(size, FORMS[FORMS.index(form)], cache_folder() / "clips")
    workers = usable_cores() if workers is None else workers
    quiet = is_quiet(context.obj)
    jobs, unread = _plan(videos, boxes), 0
    with ended_like_interrupted():
        if crop_faces:
            jobs, unread = _crop_to_faces(jobs, workers, settings.index_folder, keep_going, quiet)
            if not jobs:
                raise MediaError(f"{videos}: expected videos that show a face, found none")
        new, broken = _make_clips(out, settings, jobs, workers, keep_going, quiet)
    if broken == len(jobs):
        raise MediaError(f"{videos}: expected videos that can be read, found {broken} broken")
    click.echo(f"{out}: {len(jobs) - broken} clips ({new} new), {broken + unread} broken")


def _plan(videos: Path, boxes: Path | None) -> list[ClipJob]:
    """One clip for each video, or for each row of the file of boxes."""
    from fomm_train.data.prepare.boxes import read_boxes
    from fomm_train.data.prepare.plan import plan_clips

    return plan_clips(videos, None if boxes is None else read_boxes(boxes))


def _make_clips(
    out: Path,
    settings: Settings,
    jobs: list[ClipJob],
    workers: int,
    keep_going: bool,
    quiet: bool,
) -> tuple[int, int]:
    """Make the clips that are missing; return how many are new and how many broken.

    Raises:
        MediaError: a video is broken and that is not to be passed over.
    """
    from fomm_train.data.prepare.run import Preparation

    with Preparation.open(out, settings) as preparation:
        missing = preparation.missing(jobs)
        count = min(len(missing), workers)
        with closing(preparation.run(missing, count)) as done:
            broken = _watch(done, len(jobs), len(jobs) - len(missing), keep_going, quiet)
    return len(missing) - broken, broken


def _check_arguments(videos: Path, out: Path, boxes: Path | None, crop_faces: bool) -> None:
    """Raise where options exclude one another, or clips would become videos to prepare."""
    if crop_faces and boxes is not None:
        raise click.UsageError("expected --crop-faces or --boxes, found both; leave one out")
    if out.resolve().is_relative_to(videos.resolve()):
        raise OutputError(f"{out}: expected a folder outside of {videos}; choose another")


def _crop_to_faces(
    videos: list[ClipJob], workers: int, index_folder: Path | None, keep_going: bool, quiet: bool
) -> tuple[list[ClipJob], int]:
    """Return the clips of the faces in whole videos, and how many videos are broken.

    Raises:
        MediaError: a video is broken and that is not to be passed over.
    """
    from tqdm import tqdm

    from fomm_train.data.prepare.faces import SHORTEST, find_face_clips

    clips: list[ClipJob] = []
    broken = 0
    done = find_face_clips(videos, min(len(videos), workers), index_folder)
    with closing(done), tqdm(total=len(videos), unit="video", disable=quiet or None) as bar:
        for video, found in done:
            bar.update()
            if isinstance(found, MediaError):
                _pass_over(str(found), keep_going)
                broken += 1
            elif not found:
                _log.warning("%s: skipped: no face for %d frames", video.source, SHORTEST)
            else:
                clips += found
    return sorted(clips, key=lambda clip: clip.name), broken


def _pass_over(problem: str, keep_going: bool) -> None:
    """Warn of a broken video, or raise where that is not to be passed over."""
    if not keep_going:
        raise MediaError(f"{problem}; --keep-going goes on without it")
    _log.warning("%s", problem)


def _watch(
    done: Iterable[tuple[ClipJob, str | None]],
    total: int,
    ready: int,
    keep_going: bool,
    quiet: bool,
) -> int:
    """Show the progress and return how many clips are missing at the end.

    Raises:
        MediaError: a video is broken and that is not to be passed over.
    """
    from tqdm import tqdm

    broken = 0
    with tqdm(total=total, initial=ready, unit="clip", disable=quiet or None) as bar:
        for _, problem in done:
            bar.update()
            if problem is None:
                continue
            _pass_over(problem, keep_going)
            broken += 1
    return broken
