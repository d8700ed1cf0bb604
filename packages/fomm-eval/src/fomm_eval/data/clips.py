"""Clips to compare: videos, folders of frames, or strips, found and paired by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fomm_core.dataset import VIDEO_SUFFIXES, clip_name, is_divided, part_folder, videos_in
from fomm_core.errors import MediaError
from fomm_core.image import PICTURE_SUFFIXES, ByteArray, picture_size
from fomm_core.utils.paths import describe_other
from fomm_core.video import VideoReader, prefetch, probe
from fomm_core.video.pictures import list_pictures
from fomm_eval.data.strips import STRIPS_FOLDER, read_strip
from fomm_eval.data.videos import check_names, find_test_videos
from fomm_eval.errors import EvaluationError

Side = Literal["real", "generated"]

_SHOWN_NAMES = 3


@dataclass(frozen=True)
class Clip:
    """A video, a folder of frames, or a strip.

    Attributes:
        name: what pairs it with its counterpart.
        path: the file or folder.
        is_strip: whether it is a PNG of frames side by side.
    """

    name: str
    path: Path
    is_strip: bool = False

    def size(self) -> tuple[int, int]:
        """(height, width) of the frames; of a strip, whose frames are unknown, of it all."""
        if self.is_strip:
            return picture_size(self.path)
        info = probe(self.path)
        return info.height, info.width

    def frames(self, strip_width: int | None = None) -> Iterator[ByteArray]:
        """The frames, (H, W, 3) uint8, decoded ahead in a thread.

        Args:
            strip_width: of one frame of a strip in pixels; by default frames are square.

        Raises:
            MediaError: it cannot be read, or breaks off.
        """
        if not self.is_strip:
            return prefetch(VideoReader(self.path))
        return read_strip(self.path, strip_width or self.size()[0])


@dataclass(frozen=True)
class ClipPair:
    """A real clip and what a model made of it."""

    real: Clip
    generated: Clip

    @property
    def name(self) -> str:
        """The name of both."""
        return self.real.name

    def strip_width(self) -> int | None:
        """Width of one frame of a strip: the counterpart's, if their heights are equal."""
        strip, other = self.generated, self.real
        if not strip.is_strip:
            strip, other = other, strip
        if not strip.is_strip or other.is_strip:
            return None
        height, width = other.size()
        return width if strip.size()[0] == height else None


def pair_clips(real: Path, generated: Path, *, common: bool = False) -> list[ClipPair]:
    """Find the clips of two sides and pair them by name.

    Each side is a folder of videos and folders of frames, a data set (of which ``test/`` is
    taken), a folder of strips, or a single video or folder of frames, which is then paired
    whatever its name.

    Args:
        real: the real side.
        generated: the generated side.
        common: leave out what only one side has, instead of refusing it.

    Returns:
        The pairs in natural order of their names, at least one.

    Raises:
        MediaError: a side is missing or has no clips.
        EvaluationError: the sides have different names; the message says which.
    """
    for path in (real, generated):
        if not path.exists():
            found = describe_other(path) or "nothing of that name"
            raise MediaError(f"{path}: expected a video or a folder, found {found}")
    one, other = _single(real), _single(generated)
    if one is not None and other is not None:
        return [ClipPair(one, other)]
    return _by_name(_clips(real), _clips(generated), common)


def _single(path: Path) -> Clip | None:
    """The one clip that a path is, or ``None`` for a folder of several."""
    if path.is_file():
        if path.suffix.lower() in PICTURE_SUFFIXES:
            return Clip(path.stem, path, is_strip=True)
        return Clip(clip_name(path), path)
    pictures = [] if videos_in(path) else list_pictures(path)
    if pictures and not _are_strips(pictures):
        return Clip(path.name, path)
    return None


def _are_strips(pictures: Sequence[Path]) -> bool:
    """Whether pictures look like frames side by side: whole multiples of their height wide."""
    sizes = [picture_size(picture) for picture in pictures]
    whole = all(width % height == 0 for height, width in sizes)
    return whole and any(width > height for height, width in sizes)


def _clips(path: Path) -> list[Clip]:
    """The clips of a folder.

    Raises:
        MediaError: it has none, or two of one name.
    """
    if path.is_file():
        return [Clip(clip_name(path), path)]
    entries = videos_in(path)
    if not entries:
        return [Clip(_strip_name(picture), picture, True) for picture in list_pictures(path)]
    root, videos = path, _without_strips([entry for entry in entries if _has_frames(entry)])
    if is_divided(path) and not any(video.parent == path for video in videos):
        root, videos = part_folder(path, "test"), find_test_videos(path)
    if not videos:
        raise MediaError(f"{path}: expected videos or folders of frames, found none in it")
    check_names(videos, root)
    return [Clip(clip_name(video, root), video) for video in videos]


def _has_frames(video: Path) -> bool:
    """Whether it is no folder without pictures."""
    if not video.is_dir():
        return True
    try:
        return bool(list_pictures(video))
    except MediaError:
        return False


def _without_strips(videos: list[Path]) -> list[Path]:
    """Leave out the folder of strips, whose pictures have the names of the videos beside it."""
    names = {clip_name(video) for video in videos if video.name != STRIPS_FOLDER}
    return [video for video in videos if not _has_strips(video, names)]


def _has_strips(video: Path, names: set[str]) -> bool:
    if video.name != STRIPS_FOLDER or not video.is_dir():
        return False
    pictures = list_pictures(video)
    return {picture.stem for picture in pictures} <= names or _are_strips(pictures)


def _strip_name(picture: Path) -> str:
    """``name`` of ``name.png``, and of ``name.mp4.png`` as other programs call it."""
    stem = Path(picture.stem)
    return stem.stem if stem.suffix.lower() in VIDEO_SUFFIXES else picture.stem


def _by_name(real: list[Clip], generated: list[Clip], common: bool) -> list[ClipPair]:
    others = {clip.name: clip for clip in generated}
    pairs = [ClipPair(clip, others[clip.name]) for clip in real if clip.name in others]
    names = {clip.name for clip in real}
    missing = [clip.name for clip in real if clip.name not in others]
    excess = [name for name in others if name not in names]
    if not pairs:
        raise EvaluationError(
            f"expected clips of the same names, found {_listed(list(names))} real and "
            f"{_listed(list(others))} generated"
        )
    if common or not (missing or excess):
        return pairs
    lacks = [
        f"{side} has no {_listed(found)}"
        for side, found in (("generated", missing), ("real", excess))
        if found
    ]
    raise EvaluationError(
        f"expected clips of the same names, found that {' and '.join(lacks)}; --common compares "
        "those that both have"
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(sorted(names)[:_SHOWN_NAMES]) or "none"
    more = len(names) - _SHOWN_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
