"""Description of a source of frames, without reading all of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from fomm_core.image import PICTURE_SUFFIXES, read_image
from fomm_core.video.animation import animation_times, is_animated, is_gif, is_picture
from fomm_core.video.pictures import PICTURE_RATE, list_pictures

Kind = Literal["video", "gif", "animation", "folder", "picture"]


@dataclass(frozen=True)
class VideoInfo:
    """A source of frames in figures.

    Attributes:
        path: of the file or folder.
        width: of the frames as delivered (turned upright, square pixels), in pixels.
        height: the same.
        frame_rate: frames per second, exact, for example 30000/1001.
        frame_count: number of frames that reading will deliver, by their stamps (off by one
            or two at times), or ``None`` where it is unknown.
        duration_s: in seconds, by the stamps of the frames whatever the header says, or
            ``None`` where it is unknown.
        has_audio: whether there is a sound track.
        kind: ``"video"``, ``"gif"``, ``"animation"`` (a picture file that moves), ``"folder"``
            (of pictures) or ``"picture"``.
    """

    path: Path
    width: int
    height: int
    frame_rate: Fraction
    frame_count: int | None
    duration_s: float | None
    has_audio: bool
    kind: Kind


def kind_of(path: Path) -> Kind:
    """Tell what a path is: a folder, a picture, still or animated, a GIF or else a video.

    The content decides where it is of a known picture format, and else the ending.
    """
    if path.is_dir():
        return "folder"
    suffix = path.suffix.lower()
    if is_picture(path) or suffix in PICTURE_SUFFIXES:
        if not is_animated(path):
            return "picture"
        return "gif" if is_gif(path) else "animation"
    return "gif" if suffix == ".gif" or is_gif(path) else "video"


def probe(path: str | Path) -> VideoInfo:
    """Look at a video file, a GIF, a folder of pictures or a picture.

    One frame is decoded, so that a file that passes can be read at least to there.

    Raises:
        MediaError: nothing is there, or it is empty, damaged or neither video nor picture.
    """
    path = Path(path)
    kind = kind_of(path)
    if kind == "folder":
        return _of_pictures(path, kind, list_pictures(path))
    if kind == "picture":
        return _of_pictures(path, kind, [path])
    if kind == "animation":
        return _of_animation(path)
    return _of_media(path, kind)


def _of_pictures(path: Path, kind: Kind, pictures: list[Path]) -> VideoInfo:
    height, width = read_image(pictures[0]).shape[:2]
    count = len(pictures)
    return VideoInfo(
        path, width, height, PICTURE_RATE, count, float(count / PICTURE_RATE), False, kind
    )


def _of_animation(path: Path) -> VideoInfo:
    rate, duration = animation_times(path)
    height, width = read_image(path).shape[:2]
    count = max(1, round(duration * rate))
    return VideoInfo(path, width, height, rate, count, float(duration), False, "animation")


def _of_media(path: Path, kind: Kind) -> VideoInfo:
    from fomm_core.video.decode import StreamDecoder, first_frame
    from fomm_core.video.layout import Layout
    from fomm_core.video.media import open_media

    with open_media(path) as container:
        decoder = StreamDecoder(container, path)
        height, width = Layout.of(first_frame(decoder, path), decoder.pixel_aspect).size
        timeline = decoder.timeline
        has_audio = bool(container.streams.audio)
    duration, count = timeline.duration, None
    if duration is not None:
        count = max(1, round(duration * timeline.frame_rate))
    return VideoInfo(
        path,
        width,
        height,
        timeline.frame_rate,
        count,
        None if duration is None else float(duration),
        has_audio,
        kind,
    )
