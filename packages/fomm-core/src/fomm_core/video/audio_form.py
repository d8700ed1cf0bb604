"""Whether sound keeps its form: its packets can only be copied where it does."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.packet import Packet

from fomm_core.video.media import demux, open_media

# Of AAC and the like each packet decodes for itself; one a second tells the form.
_INTERVAL = Fraction(1)


def keeps_form(path: Path, index: int) -> bool:
    """Whether a stream's channels, sample rate and codec's own header stay to its end.

    Containers state the form of the beginning only. One packet of a second is decoded; one
    that does not decode counts as of another form.

    Args:
        path: of the file, which is opened anew.
        index: of the stream of sound.

    Raises:
        MediaError: the file cannot be opened.
    """
    with open_media(path) as container:
        stream = container.streams[index]
        if not isinstance(stream, AudioStream):
            raise TypeError(f"stream {index}: expected sound")
        forms = _forms(demux(container, stream), stream)
        try:
            return all(form == other for form, other in pairwise(forms))
        except (av.FFmpegError, OSError):
            return False


def _forms(
    packets: Iterator[Packet[AudioStream]], stream: AudioStream
) -> Iterator[tuple[bytes, str, int]]:
    """Yield the codec's header, the channels and the sample rate, about once a second."""
    header = stream.codec_context.extradata or b""
    interval = round(_INTERVAL / (stream.time_base or _INTERVAL))
    due: int | None = None
    for packet in packets:
        has_header = packet.has_sidedata("new_extradata")
        if has_header:
            header = bytes(packet.get_sidedata("new_extradata"))
        if packet.pts is not None and (has_header or due is None or packet.pts >= due):
            due = packet.pts + interval
            for frame in packet.decode():
                yield header, frame.layout.name, frame.sample_rate
