"""From what a browser sends to a request; nothing in it is believed before it is checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from fomm_core.errors import FommError
from fomm_core.face.crop import Crop
from fomm_core.image import Fit
from fomm_core.motion.transfer import MotionMode
from fomm_core.pipeline.options import AnimationOptions, FaceChoice, View
from fomm_demo.services.animation import AnimationRequest

_Choice = TypeVar("_Choice", bound=str)

Quality = Literal["exact", "fast"]

NO_FACE = "The middle, no face"
"""Words of the page for ``--crop off``."""

BY_HAND = "square"
"""Choice of faces that stands for a square which was moved by hand."""

_UNUSABLE = "this file cannot be used; choose it again"


class Form(NamedTuple):
    """Fields of the form, in the order of the page, named as the endpoint's parameters.

    The page makes one of its components, and each event one of what a browser sends for them.
    """

    source: Any
    driving: Any
    motion: Any
    model: Any
    movement: Any
    adapt_scale: Any
    find_best_frame: Any
    smooth: Any
    fit: Any
    quality: Any
    view: Any
    audio: Any
    start: Any
    end: Any
    face: Any
    square: Any
    paste_back: Any


def read_request(form: Form) -> AnimationRequest:
    """Read what a browser sends.

    Raises:
        FommError: something is missing or not one of its choices; the message is for
            visitors.
    """
    picture = file_of(form.source)
    if picture is None:
        raise FommError("choose a picture first")
    video, template = file_of(form.driving), file_of(form.motion)
    if video is None and template is None:
        raise FommError("choose a driving video or a saved motion first")
    options = replace(
        read_crop(form.face, form.square),
        motion=read_choice("movement", form.movement, get_args(MotionMode)),
        adapt_scale=bool(form.adapt_scale),
        find_best_frame=bool(form.find_best_frame),
        smooth=bool(form.smooth),
        fit=read_choice("fit", form.fit, get_args(Fit)),
        view=read_choice("view", form.view, get_args(View)),
        paste_back=_pastes_back(form),
        audio=bool(form.audio),
        start=_seconds("start", form.start),
        end=_seconds("end", form.end),
    )
    fast = read_choice("quality", form.quality, get_args(Quality)) == "fast"
    return AnimationRequest(picture, video, template, str(form.model), options, fast)


def read_crop(face: Any, square: Any) -> AnimationOptions:
    """Read which faces are animated, or which square; the other options are the usual ones.

    Raises:
        FommError: one of them is not one of its choices.
    """
    moved = Crop.from_text(square) if _is_text(square) else None
    return AnimationOptions(
        crop="off" if face == "off" else "auto",
        face="largest" if moved is not None and face == BY_HAND else _face(face),
        square=moved,
    )


def _face(value: Any) -> FaceChoice:
    """The faces to animate; without any looking, the choice does not matter."""
    if value in ("off", "largest", None):
        return "largest"
    if value == "all":
        return "all"
    if isinstance(value, str) and value.isdecimal() and 0 < len(value) < 4 and int(value) > 0:
        return int(value)
    raise FommError("face: expected largest, all, off or a number from 1")


def _is_text(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return bool(value)
    raise FommError("square: expected left,top,side in whole pixels")


def _pastes_back(form: Form) -> bool | None:
    """Whole pictures where the picture was cropped, unless it is to be seen beside others."""
    return None if form.view == "generated" and form.paste_back else False


def file_of(value: Any) -> Path | None:
    """The path in what a file component sends; ``None`` for an empty one.

    Raises:
        FommError: it is not what file components send.
    """
    if value is None:
        return None
    if not isinstance(value, dict):  # such as a bare path, which check_files would not see
        raise FommError(_UNUSABLE)
    path = value.get("path")
    if path is None:
        return None
    if not isinstance(path, str) or "\0" in path:
        raise FommError(_UNUSABLE)
    return Path(path)


def check_files(inputs: Any, allowed: Callable[[Path], bool]) -> None:
    """Refuse every file that is neither an upload nor an example, and every address.

    Args:
        inputs: what a browser sends for one event, as nested plain data.
        allowed: whether a path may be read.

    Raises:
        FommError: there is such a file.
    """
    for path in _paths(inputs):
        if "\0" in path or "://" in path or not allowed(Path(path)):
            raise FommError("this file is no longer there; choose it again")


def _paths(data: Any) -> Iterator[str]:
    """All texts under the key ``path``, however deep."""
    pending = [data]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            path = item.get("path")
            if isinstance(path, str):
                yield path
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            pending.extend(item)


def read_choice(name: str, value: Any, choices: Iterable[_Choice]) -> _Choice:
    """Read a field with choices.

    Raises:
        FommError: it is none of them; the message lists them.
    """
    for choice in choices:
        if value == choice:
            return choice
    raise FommError(f"{name}: expected one of {', '.join(choices)}")


def _seconds(name: str, value: Any) -> float | None:
    """Seconds, or ``None`` for 0: an empty field of the page becomes 0 when it is shown."""
    if value in (None, ""):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FommError(f"{name}: expected a number of seconds")
    return float(value) or None
