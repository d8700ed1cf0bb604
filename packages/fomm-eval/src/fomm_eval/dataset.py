"""The test videos of a data set.

A data set is a folder with ``test/`` (and ``train/``), or one flat folder of which a fifth is
for tests. Each entry is a video file or a folder of frames. Which fifth it is follows from the
names by the same rule as in training, so that no test video was trained on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from fomm_core.errors import MediaError
from fomm_core.video.pictures import natural_key

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".gif", ".m4v", ".avi", ".mkv", ".webm"})
"""File endings, in lower case, that are taken for videos."""

_TEST_SHARE = 0.2


def clip_name(path: Path) -> str:
    """The name of a video: that of its file without the ending, or of its folder."""
    return path.stem if path.suffix.lower() in VIDEO_SUFFIXES else path.name


def list_videos(folder: Path) -> list[Path]:
    """The video files and sub-folders of a folder, in natural order; may be empty.

    Hidden entries and files with other endings are left out.

    Raises:
        MediaError: there is no such folder, or it cannot be read.
    """
    try:
        entries = [entry for entry in folder.iterdir() if _is_video(entry)]
    except OSError as error:
        raise MediaError(
            f"{folder}: expected a folder of videos, found none: {error.strerror}"
        ) from error
    return sorted(entries, key=lambda entry: (natural_key(entry.name), entry.name))


def find_test_videos(root: str | Path, *, by_identity: bool = False) -> list[Path]:
    """The videos of a data set that are for tests, in natural order of their names.

    Args:
        root: the data set.
        by_identity: split a flat folder between identities (names are ``identity#...``), as
            training does with ``id_sampling``.

    Returns:
        Paths, at least one, no two of the same name.

    Raises:
        MediaError: there is no such folder, it has no test videos, or two have one name.
    """
    root = Path(root)
    if any((root / part).is_dir() for part in ("train", "test")):
        folder = root / "test"
        videos = list_videos(folder)
    else:
        folder = root
        videos = _test_share(list_videos(root), by_identity)
    if not videos:
        raise MediaError(
            f"{folder}: expected videos ({', '.join(sorted(VIDEO_SUFFIXES))}) or folders of "
            "frames for tests, found none (of a flat folder, a fifth is for tests)"
        )
    check_names(videos)
    return videos


def check_names(videos: Sequence[Path]) -> None:
    """Raise if two videos have one name, so that their results would have too.

    Raises:
        MediaError: naming both.
    """
    seen: dict[str, Path] = {}
    for video in videos:
        other = seen.setdefault(clip_name(video), video)
        if other is not video:
            raise MediaError(
                f"{video.parent}: expected videos of different names, found {other.name} and "
                f"{video.name}"
            )


def _is_video(entry: Path) -> bool:
    if entry.name.startswith("."):
        return False
    return entry.is_dir() or entry.suffix.lower() in VIDEO_SUFFIXES


def _test_share(videos: list[Path], by_identity: bool) -> list[Path]:
    """The fifth of a flat folder that is for tests; at least one unit where there are two."""

    def unit(video: Path) -> str:
        name = clip_name(video)
        return name.split("#")[0] if by_identity else name

    ranked = sorted({unit(video) for video in videos}, key=_digest)
    count = max(round(len(ranked) * _TEST_SHARE), 1) if len(ranked) > 1 else 0
    tests = set(ranked[:count])
    return [video for video in videos if unit(video) in tests]


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
