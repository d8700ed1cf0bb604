"""The test videos of a data set, whose results need names of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fomm_core.dataset import clip_name, find_videos, part_folder
from fomm_core.errors import MediaError


def find_test_videos(root: str | Path, *, by_identity: bool = False) -> list[Path]:
    """The videos of a data set that are for tests, in natural order of their names.

    Args:
        root: the data set; see :mod:`fomm_core.dataset`.
        by_identity: split a flat folder between identities (names are ``identity#...``), as
            training does with ``id_sampling``.

    Returns:
        Paths, at least one, no two of the same name.

    Raises:
        MediaError: there is no such folder, it has no test videos, or two have one name.
    """
    videos = find_videos(root, "test", by_identity=by_identity)
    check_names(videos, part_folder(root, "test"))
    return videos


def check_names(videos: Sequence[Path], root: Path) -> None:
    """Raise if two videos have one name below a folder, so that their results would have too.

    Raises:
        MediaError: naming both.
    """
    seen: dict[str, Path] = {}
    for video in videos:
        other = seen.setdefault(clip_name(video, root), video)
        if other is not video:
            raise MediaError(
                f"{root}: expected videos of different names, found {other.relative_to(root)} "
                f"and {video.relative_to(root)}"
            )
