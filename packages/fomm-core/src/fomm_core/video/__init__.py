"""Reading and writing moving pictures, frame by frame, in bounded memory.

The codecs are loaded when a name is first used, not when this package is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fomm_core.utils.lazy import import_name

if TYPE_CHECKING:
    from fomm_core.video.audio import AudioClip
    from fomm_core.video.info import VideoInfo, probe
    from fomm_core.video.png import PngWriter
    from fomm_core.video.reader import VideoReader
    from fomm_core.video.sink import FrameSink
    from fomm_core.video.threads import BackgroundSink, prefetch
    from fomm_core.video.writer import VideoWriter

__all__ = [
    "AudioClip",
    "BackgroundSink",
    "FrameSink",
    "PngWriter",
    "VideoInfo",
    "VideoReader",
    "VideoWriter",
    "prefetch",
    "probe",
]

_HOMES = {
    "AudioClip": "audio",
    "BackgroundSink": "threads",
    "FrameSink": "sink",
    "PngWriter": "png",
    "VideoInfo": "info",
    "VideoReader": "reader",
    "VideoWriter": "writer",
    "prefetch": "threads",
    "probe": "info",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use."""
    return import_name(__name__, _HOMES, name)


def __dir__() -> list[str]:
    """List the public names without loading them."""
    return sorted(__all__)
