"""Which clips a data set of the model's size is to have, and what each is made from."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fomm_core.dataset import PARTS, clip_name, is_divided, list_videos
from fomm_core.errors import ConfigError, MediaError
from fomm_train.data.prepare.boxes import BoxRow, Cut
from fomm_train.data.prepare.sinks import Form


@dataclass(frozen=True)
class Settings:
    """Settings by which clips are made.

    Attributes:
        size: (height, width) of the frames, in pixels.
        form: ``"png"`` or ``"jpg"`` for folders of frames, ``"mp4"`` for videos that are
            quick to read single frames from.
        index_folder: where what is known of the sources is kept between runs, if anywhere.
    """

    size: tuple[int, int]
    form: Form = "png"
    index_folder: Path | None = None


@dataclass(frozen=True)
class ClipJob:
    """One clip to make.

    Attributes:
        source: a video file or a folder of frames.
        name: of the clip within the data set, for example ``train/id1#a``.
        cut: the part of the source; ``None`` is all of it.
    """

    source: Path
    name: str
    cut: Cut | None = None

    def made_from(self, settings: Settings) -> str:
        """Name what the clip is made from, and how, by a hash.

        Raises:
            MediaError: the source is not there any more.
        """
        try:
            state = self.source.stat()
        except OSError as error:
            raise MediaError(f"{self.source}: cannot be read: {error.strerror}") from error
        cut = None if self.cut is None else asdict(self.cut)
        content = [self.source.name, state.st_size, state.st_mtime_ns, cut]
        text = json.dumps([*content, settings.size, settings.form])
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def path(self, out: Path, form: Form) -> Path:
        """Place of the clip in the data set ``out``."""
        return out / (f"{self.name}.mp4" if form == "mp4" else self.name)


def plan_clips(root: Path, boxes: Sequence[BoxRow] | None = None) -> list[ClipJob]:
    """List the clips to make from a folder of videos; ``train/`` and ``test/`` are kept.

    Args:
        root: a data set; see :mod:`fomm_core.dataset`.
        boxes: the parts to cut out; ``None`` takes all videos as a whole.

    Raises:
        ConfigError: a box names no video of the data set, or several.
        MediaError: the folder cannot be read or has no videos, or two of them would give clips
            of the same name.
    """
    sources = _sources(root)
    jobs = [ClipJob(path, name) for name, path in sources]
    if boxes is not None:
        jobs = _cut_clips(root, sources, boxes)
    counts = Counter(job.name for job in jobs)
    doubled = [job for job in jobs if counts[job.name] > 1]
    if doubled:
        raise MediaError(
            f"{doubled[0].source} and {doubled[1].source}: expected names that differ by more "
            "than their endings; rename one"
        )
    return jobs


def _sources(root: Path) -> list[tuple[str, Path]]:
    """List all videos with the names of their clips."""
    if not is_divided(root):
        return [(clip_name(path, root), path) for path in list_videos(root)]
    parts = [part for part in PARTS if (root / part).is_dir()]
    return [
        (f"{part}/{clip_name(path, root / part)}", path)
        for part in parts
        for path in list_videos(root / part)
    ]


def _cut_clips(
    root: Path, sources: Iterable[tuple[str, Path]], boxes: Sequence[BoxRow]
) -> list[ClipJob]:
    known: dict[str, set[tuple[str, Path]]] = {}
    for name, path in sources:
        for alias in {path.relative_to(root).as_posix(), name, path.name, clip_name(path)}:
            known.setdefault(alias, set()).add((name, path))
    numbers: Counter[str] = Counter()
    jobs = []
    for row in boxes:
        found = known.get(row.file, set())
        if len(found) != 1:
            raise ConfigError(
                f"{row.place}: expected one video of {root} named {row.file!r}, "
                f"found {len(found) or 'none'}"
            )
        name, path = next(iter(found))
        jobs.append(ClipJob(path, f"{name}#{numbers[name]}", row.cut))
        numbers[name] += 1
    return jobs
