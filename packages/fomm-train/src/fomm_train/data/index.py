"""Indices of video files, by which any frame is reached; made once and kept."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from fomm_core.errors import FommError, MediaError
from fomm_core.utils.files import atomic_path
from fomm_core.video.decode import StreamDecoder
from fomm_core.video.layout import Layout
from fomm_core.video.media import demux, open_media
from fomm_core.video.tracks import video_stream
from fomm_train.data.direct import PACKET, PacketTable, StreamFormat

_log = logging.getLogger(__name__)

_VERSION = 3
_KEPT_IN_MEMORY = 8192


@dataclass(frozen=True, eq=False)
class VideoIndex:
    """Way to the frames of a video file.

    Attributes:
        frame_count: number of its frames, as stored (variable rates are not resampled).
        table: where its packets are, or ``None`` where only decoding from the beginning gives
            the right frames (GIF, containers and codecs that do not mark where to begin).
    """

    frame_count: int
    table: PacketTable | None


def build_index(path: Path) -> VideoIndex:
    """Look through a whole video file; only its first frame is decoded where that suffices.

    Raises:
        MediaError: it is no video, damaged, cut off, or without frames.
    """
    with open_media(path) as container:
        stream = video_stream(container, path)
        if "mov" in container.format.name.split(","):
            table = _read_table(path, container, stream)
            if table is not None:
                return VideoIndex(table.frame_count, table)
    return VideoIndex(_count_frames(path), None)


def _count_frames(path: Path) -> int:
    with open_media(path) as container:
        decoder = StreamDecoder(container, path)
        count = sum(1 for _ in decoder)
    if decoder.damage is not None or count == 0:
        reason = decoder.damage or "it holds no frame"
        raise MediaError(f"{path}: expected an intact video: {reason}")
    return count


def _read_table(path: Path, container: InputContainer, stream: VideoStream) -> PacketTable | None:
    """Read the table of packets, or ``None`` where it does not lead to the right frames."""
    stream.thread_type, stream.thread_count = "NONE", 1
    rows: list[tuple[int | None, int, int | None, bool, bool]] = []
    first: VideoFrame | None = None
    try:
        for packet in demux(container, stream):
            if packet.is_corrupt:
                raise MediaError(f"{path}: expected an intact video: its end is cut off")
            if packet.has_sidedata("new_extradata"):
                return None  # the codec's own header changes on the way
            if first is None:
                first = next(iter(packet.decode()), None)
            if packet.size:
                rows.append(_row(packet))
    except (av.FFmpegError, OSError) as error:
        raise MediaError(
            f"{path}: expected an intact video: its data is damaged ({error.strerror})"
        ) from error
    if first is None:
        raise MediaError(f"{path}: expected an intact video: it holds no frame")
    if not _is_usable(rows):
        return None
    table = PacketTable(_format_of(stream, first), np.array(rows, PACKET))
    return table if _leads_to(first, table, path) else None


def _row(packet: Packet[VideoStream]) -> tuple[int | None, int, int | None, bool, bool]:
    return packet.pos, packet.size, packet.pts, packet.is_keyframe, not packet.is_discard


def _is_usable(rows: list[tuple[int | None, int, int | None, bool, bool]]) -> bool:
    """Whether every packet has a place and a time stamp of its own, and the first is a key."""
    stamps = {stamp for _, _, stamp, _, _ in rows}
    places = [position for position, _, _, _, _ in rows]
    if None in stamps or len(stamps) != len(rows) or not rows[0][3]:
        return False
    return all(position is not None and position >= 0 for position in places)


def _format_of(stream: VideoStream, first: VideoFrame) -> StreamFormat:
    context = stream.codec_context
    return StreamFormat(
        codec=context.name,
        extradata=context.extradata or b"",
        width=context.width,
        height=context.height,
        colour_space=int(first.colorspace),
        colour_range=int(first.color_range),
        primaries=int(first.color_primaries),
        transfer=int(first.color_trc),
        layout=Layout.of(first, stream.sample_aspect_ratio),
    )


def _leads_to(first: VideoFrame, table: PacketTable, path: Path) -> bool:
    """Whether the table gives the same first frame as the container does."""
    reformatter = VideoReformatter()
    try:
        (_, found), *_ = table.decode(path, [0])
    except (FommError, av.FFmpegError, ValueError):
        return False
    to_rgb = table.stream.to_rgb
    return np.array_equal(to_rgb(found, reformatter), to_rgb(first, reformatter))


class IndexStore:
    """The indices of many files: in memory and, where wanted, in a folder between runs.

    A file that was changed since is looked through again.

    Args:
        folder: where to keep them; ``None`` keeps them in memory only.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._kept: OrderedDict[str, VideoIndex] = OrderedDict()

    def get(self, path: Path) -> VideoIndex:
        """Return the index of a file.

        Raises:
            MediaError: see :func:`build_index`.
        """
        key = _key_of(path)
        index = self._kept.pop(key, None) or self._load(key)
        if index is None:
            index = build_index(path)
            self._save(key, index)
        self._kept[key] = index
        if len(self._kept) > _KEPT_IN_MEMORY:
            self._kept.popitem(last=False)
        return index

    def _load(self, key: str) -> VideoIndex | None:
        if self._folder is None:
            return None
        try:
            return _from_bytes(self._file_of(self._folder, key).read_bytes())
        except (OSError, ValueError, KeyError, TypeError):
            return None  # absent, or of another version: made anew

    def _save(self, key: str, index: VideoIndex) -> None:
        if self._folder is None:
            return
        file = self._file_of(self._folder, key)
        try:
            with atomic_path(file, parents=True) as partial:
                partial.write_bytes(_to_bytes(index))
        except (OSError, FommError) as error:
            _log.debug("an index cannot be kept: %s", error)

    @staticmethod
    def _file_of(folder: Path, key: str) -> Path:
        return folder / key[:2] / f"{key}.index"


def _key_of(path: Path) -> str:
    """Name the present content of a file, without reading it."""
    try:
        state = path.stat()
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror}") from error
    text = f"{_VERSION}|{path.absolute()}|{state.st_size}|{state.st_mtime_ns}"
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:40]


def _to_bytes(index: VideoIndex) -> bytes:
    """One line of JSON, then the packets as they are in memory."""
    header: dict[str, Any] = {"frame_count": index.frame_count}
    packets = b""
    if index.table is not None:
        stream = asdict(index.table.stream)
        stream["extradata"] = index.table.stream.extradata.hex()
        header["stream"] = stream
        packets = index.table.packets.tobytes()
    return json.dumps(header).encode() + b"\n" + packets


def _from_bytes(data: bytes) -> VideoIndex:
    """Raise ValueError, KeyError or TypeError where the data is not what was written."""
    line, _, packets = data.partition(b"\n")
    header = json.loads(line)
    if "stream" not in header:
        return VideoIndex(int(header["frame_count"]), None)
    stream = header["stream"]
    stream["extradata"] = bytes.fromhex(stream["extradata"])
    stream["layout"] = Layout(**stream["layout"])
    table = PacketTable(StreamFormat(**stream), np.frombuffer(packets, PACKET))
    if table.frame_count != header["frame_count"]:
        raise ValueError("cut off")
    return VideoIndex(table.frame_count, table)
