"""Any frames of a video file or of a folder of frames, decoding as little as possible."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from av.video.reformatter import VideoReformatter

from fomm_core.errors import MediaError
from fomm_core.image import ByteArray, read_image
from fomm_core.video.decode import StreamDecoder
from fomm_core.video.frames import RgbFrames
from fomm_core.video.media import open_media
from fomm_core.video.pictures import list_pictures
from fomm_train.data.direct import PacketTable
from fomm_train.data.index import IndexStore


class Clip(ABC):
    """A video whose frames can be had in any order; (H, W, 3) uint8, RGB.

    Frames are counted from 0 as they are stored: of a variable frame rate each counts once.
    """

    path: Path

    @abstractmethod
    def __len__(self) -> int:
        """Number of frames, at least 1."""

    @abstractmethod
    def span(self, start: int, stop: int) -> Iterator[ByteArray]:
        """Yield the frames ``start`` .. ``stop - 1`` in order, in bounded memory.

        Raises:
            MediaError: one of them cannot be read.
        """

    @abstractmethod
    def _pick(self, numbers: list[int]) -> dict[int, ByteArray]:
        """Read frames by their numbers: ascending, none twice, all within the video."""

    def frames(self, numbers: Sequence[int]) -> list[ByteArray]:
        """Read frames in any order, some perhaps twice.

        Raises:
            IndexError: the video has no such frame.
            MediaError: one of them cannot be read.
        """
        wanted = sorted(set(numbers))
        if wanted and not (wanted[0] >= 0 and wanted[-1] < len(self)):
            raise IndexError(f"{self.path}: expected 0 .. {len(self) - 1}, found {wanted}")
        found = self._pick(wanted)
        return [found[number] for number in numbers]


def open_clip(path: Path, store: IndexStore) -> Clip:
    """Open a video file or a folder of frames.

    Args:
        path: of the file or folder.
        store: what is known of video files already.

    Raises:
        MediaError: it cannot be read.
    """
    if path.is_dir():
        return FolderClip(path)
    index = store.get(path)
    if index.table is not None:
        return DirectClip(path, index.table)
    return SequentialClip(path, index.frame_count)


class FolderClip(Clip):
    """A folder of frames in natural order of their names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pictures = list_pictures(path)

    def __len__(self) -> int:
        return len(self._pictures)

    def span(self, start: int, stop: int) -> Iterator[ByteArray]:
        return map(read_image, self._pictures[start:stop])

    def _pick(self, numbers: list[int]) -> dict[int, ByteArray]:
        return {number: read_image(self._pictures[number]) for number in numbers}


class DirectClip(Clip):
    """A video file decoded from the key frame before the frames wanted."""

    def __init__(self, path: Path, table: PacketTable) -> None:
        self.path = path
        self._table = table

    def __len__(self) -> int:
        return self._table.frame_count

    def span(self, start: int, stop: int) -> Iterator[ByteArray]:
        reformatter = VideoReformatter()
        early: dict[int, ByteArray] = {}
        due = start
        for number, picture in self._table.decode(self.path, range(start, stop)):
            early[number] = self._table.stream.to_rgb(picture, reformatter)
            while due in early:
                yield early.pop(due)
                due += 1

    def _pick(self, numbers: list[int]) -> dict[int, ByteArray]:
        reformatter = VideoReformatter()
        return {
            number: self._table.stream.to_rgb(picture, reformatter)
            for number, picture in self._table.decode(self.path, numbers)
        }


class SequentialClip(Clip):
    """A video file decoded from its beginning, up to the last frame wanted."""

    def __init__(self, path: Path, frame_count: int) -> None:
        self.path = path
        self._frame_count = frame_count

    def __len__(self) -> int:
        return self._frame_count

    def span(self, start: int, stop: int) -> Iterator[ByteArray]:
        return (frame for _, frame in self._read(range(start, stop)))

    def _pick(self, numbers: list[int]) -> dict[int, ByteArray]:
        return dict(self._read(numbers))

    def _read(self, numbers: Sequence[int]) -> Iterator[tuple[int, ByteArray]]:
        left = iter(numbers)
        due = next(left, None)
        with open_media(self.path) as container:
            decoder = StreamDecoder(container, self.path)
            frames = RgbFrames(decoder.pixel_aspect)
            for number, timed in enumerate(decoder):
                if number == 0 or number == due:  # the first gives the size
                    frame = frames.to_rgb(timed.picture)
                if number == due:
                    yield number, frame
                    due = next(left, None)
                if due is None:
                    return
        if due is not None:
            raise MediaError(f"{self.path}: frame {due} is damaged")
