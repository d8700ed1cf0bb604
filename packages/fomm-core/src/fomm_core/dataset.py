"""Which videos a data set has, and which of them are for training.

A data set is a folder with ``train/`` and ``test/``, or one flat folder. Each entry is a video
file or a folder of frames in natural order of their names. With identities, names are
``identity#...``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from fomm_core.errors import MediaError
from fomm_core.video.pictures import natural_key

Part = Literal["train", "test"]

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".gif", ".m4v", ".avi", ".mkv", ".webm"})
"""File endings, in lower case, that are taken for videos."""

PARTS: tuple[Part, ...] = ("train", "test")

_TEST_SHARE = 0.2


def clip_name(path: Path) -> str:
    """Return the name of a video: that of its file without the ending, or of its folder."""
    return path.stem if path.suffix.lower() in VIDEO_SUFFIXES else path.name


def identity_of(path: Path) -> str:
    """Return who is seen in a video: its name up to the first ``#``."""
    return clip_name(path).split("#")[0]


def group_by_identity(videos: Iterable[Path]) -> list[list[Path]]:
    """Put the videos of each identity together, in order of first appearance."""
    groups: dict[str, list[Path]] = {}
    for video in videos:
        groups.setdefault(identity_of(video), []).append(video)
    return list(groups.values())


def is_divided(root: Path) -> bool:
    """Whether a data set has ``train/`` or ``test/`` of its own."""
    return any((root / part).is_dir() for part in PARTS)


def videos_in(folder: Path) -> list[Path]:
    """The video files and sub-folders of a folder in natural order of their names.

    Hidden entries and files with other endings are left out; there may be none.

    Raises:
        MediaError: the folder cannot be read.
    """
    try:
        entries = [entry for entry in folder.iterdir() if _is_video(entry)]
    except OSError as error:
        raise MediaError(
            f"{folder}: expected a folder of videos, found none: {error.strerror}"
        ) from error
    return sorted(entries, key=lambda entry: (natural_key(entry.name), entry.name))


def list_videos(folder: Path) -> list[Path]:
    """As :func:`videos_in`, and at least one.

    Raises:
        MediaError: the folder cannot be read or has no such entry.
    """
    videos = videos_in(folder)
    if not videos:
        raise MediaError(
            f"{folder}: expected videos ({', '.join(sorted(VIDEO_SUFFIXES))}) or folders of "
            "frames, found none"
        )
    return videos


def _is_video(entry: Path) -> bool:
    if entry.name.startswith("."):
        return False
    return entry.is_dir() or entry.suffix.lower() in VIDEO_SUFFIXES


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
    if is_divided(root):
        return list_videos(root / part)
    videos = list_videos(root)
    chosen = split(videos, part, by_identity=by_identity)
    if not chosen:
        raise MediaError(
            f"{root}: expected at least 2 videos (or identities) to split, found {len(videos)}; "
            "add more or make the folders train and test"
        )
    return chosen


def split(videos: Sequence[Path], part: Part, *, by_identity: bool = False) -> list[Path]:
    """Take four fifths of the videos for training, or the other fifth for tests.

    Where there are two units (videos or identities) or more, each part gets at least one.
    """
    unit = identity_of if by_identity else clip_name
    ranked = sorted({unit(video) for video in videos}, key=_digest)
    count = round(len(ranked) * _TEST_SHARE)
    tests = set(ranked[: max(count, 1)]) if len(ranked) > 1 else set()
    return [video for video in videos if (unit(video) in tests) == (part == "test")]


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
