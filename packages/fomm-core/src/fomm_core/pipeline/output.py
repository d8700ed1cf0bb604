"""The result of an animation: where it goes, with which sound, and what it must not replace."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from fomm_core.errors import OutputError
from fomm_core.motion.template import MotionTemplate
from fomm_core.pipeline.driving import Driving
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.provenance import Provenance
from fomm_core.utils.files import made_folder
from fomm_core.video import AudioClip, FrameSink, PngWriter, VideoWriter

logger = logging.getLogger(__name__)

_LONGEST_TITLE = 100
"""Bytes: file systems take 255 for the whole name of the result."""

_INAUDIBLE = Fraction(1, 1000)
"""Relative change of speed at which sound still fits: 29.97 is as good as 30000/1001."""


def result_path(folder: Path, source: Path, driving: Path, options: AnimationOptions) -> Path:
    """Name a result ``<folder>/<source>_by_<driving>``: a folder of PNGs, or an .mp4."""
    name = f"{_title(source)}_by_{_title(driving)}"
    return folder / (name if options.png else f"{name}.mp4")


def spare_inputs(inputs: Iterable[Path], output: Path, options: AnimationOptions) -> None:
    """Refuse to write over what is read, and a place where no motion can be saved.

    Args:
        inputs: files and folders that are read, besides those that the options name.
        output: the result.
        options: of the animation.

    Raises:
        OutputError: a result has the name of an input or of the other result, would replace
            the folder of an input, or cannot be where it is to be.
    """
    read = [real_path(path) for path in (*inputs, *options.spared)]
    result = real_path(output)
    if any(result == path or (options.png and result in path.parents) for path in read):
        raise OutputError(f"{output}: expected another name than that of an input")
    if options.save_motion is None:
        return
    motion = Path(options.save_motion)
    if real_path(motion) in (*read, result):
        raise OutputError(f"{motion}: expected another name than those of inputs and result")
    if motion.is_dir():
        raise OutputError(f"{motion}: expected the name of a file to write, found a folder")
    with _folder_of(motion):  # it goes again, until there is a motion
        pass


def save_motion(motion: MotionTemplate, path: str | Path) -> None:
    """Save the motion that drove, in a folder that is made where it is missing.

    Raises:
        OutputError: it cannot be written.
    """
    with _folder_of(Path(path)):
        motion.save(path)


@contextmanager
def _folder_of(path: Path) -> Iterator[None]:
    """The folder of a file, made for a block if it is missing."""
    try:
        with made_folder(path.parent):
            yield
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error


def open_sink(
    output: Path, driving: Driving, options: AnimationOptions, provenance: Provenance
) -> FrameSink:
    """Open the result for writing, with the driving video's sound where that fits.

    Args:
        output: the result.
        driving: what drives, for its rate and sound.
        options: of the animation.
        provenance: for the metadata, where the options want any.

    Raises:
        OutputError: the result cannot be written.
    """
    comment = provenance.to_comment() if options.metadata else ""
    if options.png:
        return PngWriter(output, comment=comment)
    rate = options.frame_rate or driving.frame_rate
    return VideoWriter(output, rate, audio=_sound(driving, rate, options), comment=comment)


def _sound(driving: Driving, rate: Fraction, options: AnimationOptions) -> AudioClip | None:
    """The sound to copy: the driving video's, unless pictures go at another speed."""
    if not options.audio or driving.path is None:
        return None
    if driving.has_audio and abs(rate / driving.frame_rate - 1) > _INAUDIBLE:
        speeds = f"{float(rate):g} instead of {float(driving.frame_rate):g} frames per second"
        logger.warning("the sound is left out: it does not fit %s", speeds)
        return None
    return AudioClip(driving.path, options.start, options.end)


def _title(path: Path) -> str:
    """A file's name without its ending, or a folder's name; cut where it is very long."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - "." gets a name, links keep theirs
    title = whole.name if whole.is_dir() else whole.stem
    while len(os.fsencode(title)) > _LONGEST_TITLE:
        title = title[:-1]
    return title


def real_path(path: Path) -> Path:
    """Find the target of a path, whatever is there (``Path.resolve`` stumbles over circles)."""
    return Path(os.path.realpath(path))
