"""Making a data set of the model's size from a folder of videos.

Each clip is written aside and moved into place when it is complete, and then noted in a list
beside the clips with what it was made from. A run that was interrupted goes on where it was;
clips whose source or settings changed are made again.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fomm_core.dataset import PARTS
from fomm_core.errors import MediaError, OutputError
from fomm_core.image import ByteArray, fit
from fomm_core.video.info import probe
from fomm_train.data.clip import Clip, open_clip
from fomm_train.data.index import IndexStore
from fomm_train.data.prepare.plan import ClipJob, Settings
from fomm_train.data.prepare.sinks import ClipSink, PictureFolder, SeekableVideo
from fomm_train.data.workers.pool import results_as_done

_LIST_NAME = ".prepared.jsonl"
_LOCK_NAME = ".prepared.lock"
_ASIDE = re.compile(r"\..+-[0-9a-f]{8}\.tmp")


@dataclass(frozen=True)
class _ClipMaker:
    """Makes one clip, in this process or in another."""

    out: Path
    settings: Settings

    def __call__(self, job: ClipJob) -> int:
        """Write the clip and return its number of frames.

        Raises:
            MediaError: the source cannot be read, or its part does not lie within it.
            OutputError: the clip cannot be written.
        """
        clip = open_clip(job.source, IndexStore(self.settings.index_folder))
        count = 0
        with self._sink(job) as sink:
            for frame in _frames(clip, job):
                sink.write(fit(frame, self.settings.size))
                count += 1
        return count

    def _sink(self, job: ClipJob) -> ClipSink:
        path = job.path(self.out, self.settings.form)
        if self.settings.form == "mp4":
            return SeekableVideo(path, probe(job.source).frame_rate)
        return PictureFolder(path, self.settings.form)


def _frames(clip: Clip, job: ClipJob) -> Iterator[ByteArray]:
    cut = job.cut
    if cut is None:
        yield from clip.span(0, len(clip))
        return
    end = len(clip) if cut.end is None else cut.end
    if not cut.start < end <= len(clip):
        raise MediaError(
            f"{job.name}: expected frames within the {len(clip)} of {clip.path}, found "
            f"{cut.start} to {end}"
        )
    for frame in clip.span(cut.start, end):
        yield cut.crop(frame)


class Preparation:
    """A data set that is being made, by this process alone.

    Use :meth:`open`.
    """

    def __init__(self, out: Path, settings: Settings) -> None:
        self._out = out
        self._settings = settings
        self._list = out / _LIST_NAME

    @classmethod
    @contextmanager
    def open(cls, out: Path, settings: Settings) -> Iterator[Preparation]:
        """Make the folder if it is missing, and keep others from writing to it meanwhile.

        What an interrupted run left half made is removed, at the beginning and at the end.

        Raises:
            OutputError: the folder cannot be written, or somebody else is at it.
        """
        from filelock import FileLock, Timeout

        try:
            out.mkdir(parents=True, exist_ok=True)
            with FileLock(out / _LOCK_NAME, timeout=0):
                preparation = cls(out, settings)
                preparation._clean()
                try:
                    yield preparation
                finally:
                    preparation._clean()
        except Timeout as error:
            raise OutputError(f"{out}: another run is writing there; wait for its end") from error
        except OSError as error:
            raise OutputError(f"{out}: cannot be written: {error.strerror}") from error

    def missing(self, jobs: Iterable[ClipJob]) -> list[ClipJob]:
        """List the clips that are not there, not complete, or made from something else.

        Raises:
            MediaError: a source is not there any more.
            OutputError: a clip is there in another form, which would show it twice.
        """
        notes = self._notes()
        jobs = list(jobs)
        for job in jobs:
            other = job.path(self._out, "png" if self._settings.form == "mp4" else "mp4")
            if other.exists():
                raise OutputError(
                    f"{other}: expected no clips of another form in the data set; choose another "
                    "folder or remove it"
                )
        return [job for job in jobs if not self._is_complete(job, notes.get(job.name))]

    def run(
        self, jobs: Iterable[ClipJob], workers: int
    ) -> Generator[tuple[ClipJob, str | None], None, None]:
        """Make clips, several at a time.

        Args:
            jobs: the clips.
            workers: number of processes; 0 uses this one.

        Yields:
            Each clip when it is done, with ``None``, or with the reason why its source
            cannot be read.

        Raises:
            OutputError: a clip cannot be written.
        """
        maker = _ClipMaker(self._out, self._settings)
        with closing(results_as_done(maker, jobs, workers)) as answers:
            for job, done in answers:
                if isinstance(done, MediaError):
                    yield job, _with_source(str(done), job)
                else:
                    self._note(job, done)
                    yield job, None

    def _note(self, job: ClipJob, frames: int) -> None:
        made_from = job.made_from(self._settings)
        line = json.dumps({"clip": job.name, "made_from": made_from, "frames": frames})
        with self._list.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def _notes(self) -> dict[str, tuple[str, int]]:
        """Read what earlier runs made: by the clip's name, what from and how many frames."""
        if not self._list.exists():
            return {}
        notes = {}
        for line in self._list.read_text(encoding="utf-8").splitlines():
            try:
                note = json.loads(line)
                notes[str(note["clip"])] = (str(note["made_from"]), int(note["frames"]))
            except (ValueError, KeyError, TypeError):
                continue  # cut off in the middle: that clip is made again
        return notes

    def _is_complete(self, job: ClipJob, note: tuple[str, int] | None) -> bool:
        path = job.path(self._out, self._settings.form)
        if note is None or note[0] != job.made_from(self._settings):
            return False
        if self._settings.form == "mp4":
            return path.is_file()
        return path.is_dir() and len(list(path.glob(f"*.{self._settings.form}"))) == note[1]

    def _clean(self) -> None:
        """Remove what was written aside and never moved."""
        for folder in (self._out, *(self._out / part for part in PARTS)):
            for entry in folder.iterdir() if folder.is_dir() else ():
                if not _ASIDE.fullmatch(entry.name):
                    continue
                if entry.is_dir():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink(missing_ok=True)


def _with_source(reason: str, job: ClipJob) -> str:
    """Name the source where the reason does not."""
    return reason if str(job.source) in reason else f"{job.source} ({job.name}): {reason}"
