"""Opening a media file: which formats, and what is told of files that are none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from fomm_core.errors import MediaError
from fomm_core.utils.paths import describe_other
from fomm_core.video.fallback import open_piped

StreamT = TypeVar("StreamT", bound=Stream)

# Containers of video only. Others that FFmpeg knows turn text into video (tty) or follow
# addresses found in the file (playlists), which no driving video needs.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,mpegts,mpeg,flv,ogg,asf,mpegvideo,m4v,"
    "h264,hevc,ivf,mxf,nut,dv,yuv4mpegpipe"
)
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}

# Texts that are no UTF-8 are an error in PyAV's older releases; newer ones know no such setting.
_TEXTS: dict[str, Any] = (
    {"metadata_errors": "replace"} if hasattr(InputContainer, "metadata_errors") else {}
)

_TS_DISCONT = 0x200  # FFmpeg's mark of formats whose clock may jump


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    """Open a media file for reading and close it at the end of the block.

    Raises:
        MediaError: there is no such file, it is empty, or its format is not known.
    """
    if not path.is_file():
        found = describe_other(path) or "nothing there; check the path"
        raise MediaError(f"{path}: expected a video, found {found}")
    try:
        if path.stat().st_size == 0:
            raise MediaError(f"{path}: expected a video, found an empty file")
        # An absolute path can never be taken for an address with a protocol.
        container = av.open(str(path.absolute()), options=_OPTIONS, **_TEXTS)
    except (av.InvalidDataError, av.ArgumentError, av.EOFError) as error:
        raise MediaError(
            f"{path}: expected a video (mp4, mov, webm, avi, mkv, gif), found data of no such "
            "format or cut off before its index"
        ) from error
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f"{path}: cannot be opened: {error.strerror}") from error
    with container:
        if not _has_only_unknown_pictures(container):
            yield container
            return
        with open_piped(path, _OPTIONS) as piped:
            yield piped or container


def _has_only_unknown_pictures(container: InputContainer) -> bool:
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    return bool(streams) and all(stream.codec_context is None for stream in streams)


def has_broadcast_clock(container: InputContainer) -> bool:
    """Whether the format is one of broadcast: its clock and its streams' forms may change."""
    return bool(int(container.format.flags) & _TS_DISCONT)


def demux(container: InputContainer, *streams: StreamT) -> Iterator[Packet[StreamT]]:
    """Yield the packets of some streams in the file's order, then an empty one of each.

    Streams that appear only on the way are left aside: PyAV does not know them, and raises
    IndexError for the first of them when all packets, the empty ones too, were given.

    Raises:
        FFmpegError, OSError: the file is damaged from there on.
    """
    packets: Iterator[Any] = container.demux(streams)
    try:
        yield from packets
    except IndexError:
        return
