"""Which videos a data set has, and which of them are for training.

A data set is a folder with ``train/`` and ``test/``, or one flat folder. Each entry is a video
file, a folder of frames in natural order of their names, or a folder with such entries. With
identities, names are ``identity#...``; a video in sub-folders, as VoxCeleb2 has them, has their
names before its own: ``id00012/21Uxsk56VDQ/00001.mp4`` is ``id00012#21Uxsk56VDQ#00001``.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from fomm_core.errors import MediaError
from fomm_core.utils.paths import describe_other, printable
from fomm_core.video.pictures import is_picture, natural_key

logger = logging.getLogger(__name__)

Part = Literal["train", "test"]

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".mov", ".gif", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".mts"}
    | {".m2ts", ".flv", ".wmv", ".asf", ".ogv", ".3gp", ".3g2", ".mxf", ".y4m", ".ivf", ".nut"}
)
"""File endings, in lower case, that are taken for videos."""

PARTS: tuple[Part, ...] = ("train", "test")

_TEST_SHARE = 0.2
_DEEPEST = 4  # sub-folders; links may lead in circles
_NAMED = 3


def clip_name(path: Path, root: Path | None = None) -> str:
    """Return the name of a video: that of its file without the ending, or of its folder.

    Args:
        path: of the video.
        root: the folder that was listed. The names of sub-folders between it and the video come
            first, with ``#`` between them.
    """
    name = path.stem if path.suffix.lower() in VIDEO_SUFFIXES else path.name
    folders = path.parent.relative_to(root).parts if root is not None else ()
    return "#".join((*folders, name))


def identity_of(path: Path, root: Path | None = None) -> str:
    """Return who is seen in a video: its name, as of :func:`clip_name`, up to the first ``#``."""
    return clip_name(path, root).split("#")[0]


def group_by_identity(videos: Iterable[Path], root: Path | None = None) -> list[list[Path]]:
    """Put the videos of each identity together, in order of first appearance."""
    groups: dict[str, list[Path]] = {}
    for video in videos:
        groups.setdefault(identity_of(video, root), []).append(video)
    return list(groups.values())


def is_divided(root: Path) -> bool:
    """Whether a data set has ``train/`` or ``test/`` of its own."""
    return any((root / part).is_dir() for part in PARTS)


def part_folder(root: str | Path, part: Part) -> Path:
    """Return the folder in which the videos of one part lie: the names begin below it."""
    root = Path(root)
    return root / part if is_divided(root) else root


def videos_in(folder: Path) -> list[Path]:
    """The video files and sub-folders of a folder in natural order of their names.

    In place of a sub-folder that holds no pictures but, itself or further below, videos or
    folders of frames, these are listed. Hidden entries and files with other endings are left
    out; there may be none.

    Raises:
        MediaError: the folder cannot be read.
    """
    return _listing(folder).videos


@dataclass(frozen=True)
class _Listing:
    """The videos of a folder, and the files that are none."""

    videos: list[Path]
    others: list[Path]


def _listing(folder: Path, depth: int = _DEEPEST) -> _Listing:
    listing = _Listing([], [])
    for entry in _entries(folder):
        if not entry.is_dir():
            is_video = entry.suffix.lower() in VIDEO_SUFFIXES
            (listing.videos if is_video else listing.others).append(entry)
            continue
        below = _Listing([], []) if depth == 0 or _has_pictures(entry) else _below(entry, depth)
        listing.videos.extend(below.videos or [entry])
        listing.others.extend(below.others)
    return listing


def _below(folder: Path, depth: int) -> _Listing:
    """List a sub-folder, where it leads to videos; an empty one is an entry of its own."""
    try:
        found = _listing(folder, depth - 1)
    except MediaError:
        return _Listing([], [])
    has_videos = any(video.is_file() or _has_pictures(video) for video in found.videos)
    return found if has_videos else _Listing([], found.others)


def _entries(folder: Path) -> list[Path]:
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        found = describe_other(folder) or f"none: {reason}"
        raise MediaError(f"{folder}: expected a folder of videos, found {found}") from error
    return sorted(entries, key=lambda entry: (natural_key(entry.name), entry.name))


def _has_pictures(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(is_picture(Path(entry)) for entry in entries)
    except OSError:
        return False


def list_videos(folder: Path) -> list[Path]:
    """As :func:`videos_in`, and at least one; files that are passed over are named in a warning.

    Raises:
        MediaError: the folder cannot be read or has no such entry.
    """
    listing = _listing(folder)
    others = [printable(path.relative_to(folder).as_posix()) for path in listing.others]
    if not listing.videos:
        found = f"none, but {len(others)} others: {_shortened(others)}" if others else "none"
        raise MediaError(
            f"{folder}: expected videos ({', '.join(sorted(VIDEO_SUFFIXES))}) or folders of "
            f"frames, found {found}"
        )
    if others:
        logger.warning(
            "%s: %d files are passed over, which are no videos by their endings: %s",
            *(folder, len(others), _shortened(others)),
        )
    return listing.videos


def _shortened(names: Sequence[str]) -> str:
    more = f", ... and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def find_videos(root: str | Path, part: Part, *, by_identity: bool = False) -> list[Path]:
    """List the videos of one part of a data set.

    A flat folder is split 80/20. Which side a video is on follows from a hash of its name,
    so that all processes and all runs agree.

    Args:
        root: the data set.
        part: ``"train"`` or ``"test"``.
        by_identity: split a flat folder between identities, so that nobody is on both sides.

    Returns:
        Paths in natural order of their names, at least one.

    Raises:
        MediaError: there is no such folder, or it has no videos for this part.
    """
    root = Path(root)
    folder = part_folder(root, part)
    videos = list_videos(folder)
    if folder != root:
        return videos
    chosen = split(videos, part, by_identity=by_identity, root=root)
    if not chosen:
        raise MediaError(
            f"{root}: expected at least 2 videos (or identities) to split, found {len(videos)}; "
            "add more or make the folders train and test"
        )
    return chosen


def split(
    videos: Sequence[Path], part: Part, *, by_identity: bool = False, root: Path | None = None
) -> list[Path]:
    """Take four fifths of the videos for training, or the other fifth for tests.

    Where there are two units (videos or identities) or more, each part gets at least one. Names
    are those of :func:`clip_name` below ``root``.
    """
    unit = partial(identity_of if by_identity else clip_name, root=root)
    ranked = sorted({unit(video) for video in videos}, key=_digest)
    count = round(len(ranked) * _TEST_SHARE)
    tests = set(ranked[: max(count, 1)]) if len(ranked) > 1 else set()
    return [video for video in videos if (unit(video) in tests) == (part == "test")]


def _digest(name: str) -> bytes:
    return hashlib.sha256(os.fsencode(name)).digest()
