"""Messages of the live socket: a line of JSON, and behind it a picture where there is one."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal, cast, get_args

from fomm_core.animator import Frame
from fomm_core.errors import MediaError
from fomm_core.image import to_rgb
from fomm_demo.services.live import LiveAnswer

FRAME_BYTES = 300_000
"""Size of one message of a camera; a square of 256 pixels takes a tenth of it."""

FRAME_PIXELS = 640 * 640
_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 85

_AGAIN = "load the page anew"
_EXPECTED_PICTURE = "camera: expected a JPEG, PNG or WebP picture"

ControlName = Literal["reference", "search", "source", "mirror", "gain"]


@dataclass(frozen=True)
class Shot:
    """A camera's frame as it was sent.

    Attributes:
        stamp: of the sender's own clock; given back as it is.
        data: the picture's bytes.
    """

    stamp: float
    data: bytes


@dataclass(frozen=True)
class Control:
    """Change that a visitor asks for: its name, and a number where it takes one."""

    name: ControlName
    value: float = 0.0


def read_shot(message: bytes) -> Shot:
    """Read a message with a frame.

    Raises:
        MediaError: it has another form.
    """
    head, _, data = message.partition(b"\n")
    stamp: Any = _object(head[:200]).get("stamp")
    if not _is_number(stamp) or not data:
        raise _unexpected("a time stamp and a picture")
    return Shot(float(stamp), data)


def read_control(text: str) -> Control:
    """Read a message without a frame.

    Raises:
        MediaError: it has another form.
    """
    content = _object(text[:200].encode("utf-8", "replace"))
    name: Any = content.get("do")
    value: Any = content.get("value", 0)
    is_value = isinstance(value, bool) or _is_number(value)
    if not isinstance(name, str) or name not in get_args(ControlName) or not is_value:
        raise _unexpected("a change to make")
    return Control(cast(ControlName, name), float(value))


def decode_frame(data: bytes, most_pixels: int = FRAME_PIXELS) -> Frame:
    """Decode a camera's frame.

    Args:
        data: a JPEG, PNG or WebP picture; its size is looked at before it is decoded.
        most_pixels: width times height at most.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        MediaError: there is no picture in it, or one too large.
    """
    from PIL import Image

    if not data:
        raise MediaError(f"{_EXPECTED_PICTURE}, found nothing; {_AGAIN}")
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as picture:
            if picture.width * picture.height > most_pixels:
                raise MediaError(_too_large(most_pixels, f"{picture.width} x {picture.height}"))
            return to_rgb(picture, "camera")
    except (OSError, ValueError, SyntaxError) as error:
        found = "found a damaged one, or something else"
        raise MediaError(f"{_EXPECTED_PICTURE}, {found}; {_AGAIN}") from error
    except Image.DecompressionBombError as error:
        raise MediaError(_too_large(most_pixels, "far more")) from error


def _too_large(most_pixels: int, found: str) -> str:
    return f"camera: expected at most {most_pixels} pixels, found {found}; send smaller pictures"


def write_answer(answer: LiveAnswer, stamp: float | None = None) -> bytes:
    """Write a live frame with its state, and the time stamp of the frame that it answers."""
    frame = answer.frame
    head = {
        "stamp": stamp,
        "phase": frame.phase,
        "countdown": frame.countdown_s,
        "hints": frame.hints,
        "rate": round(answer.rate, 2),
        "latency": round(answer.latency_s, 4),
    }
    return json.dumps(head).encode() + b"\n" + _jpeg(frame.picture)


def write_error(error: str) -> str:
    """Write what went wrong with one frame, or one change."""
    return json.dumps({"error": error})


def write_welcome(thumbnails: list[Frame], view_ticket: str) -> str:
    """Write the first message to who drives.

    Args:
        thumbnails: small copies of the pictures to choose from; they go as data addresses.
        view_ticket: with which others may watch.
    """
    pictures = (base64.b64encode(_jpeg(picture)).decode("ascii") for picture in thumbnails)
    addresses = [f"data:image/jpeg;base64,{picture}" for picture in pictures]
    return json.dumps({"sources": addresses, "view": view_ticket})


def _jpeg(picture: Frame) -> bytes:
    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _object(text: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        MediaError: it is something else.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unexpected("a line of JSON") from error
    if not isinstance(content, dict):
        raise _unexpected("a JSON object")
    return content


def _unexpected(expected: str) -> MediaError:
    return MediaError(f"live: expected {expected}, found something else; {_AGAIN}")


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) < 1e15 and math.isfinite(value)
