"""One record of options: all that can be said of an animation besides its source and driving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeGuard, get_args, get_origin, get_type_hints

from fomm_core.errors import FommError
from fomm_core.face.crop import Crop
from fomm_core.image import Fit
from fomm_core.motion.transfer import MotionMode
from fomm_core.utils.values import is_finite_number, require_choice

View = Literal["generated", "default", "detailed", "full"]
"""The generated frame alone, or one of the sheets (:data:`fomm_core.visualize.SheetKind`)."""

SMALLEST_SIZE, LARGEST_SIZE = 64, 4096

CropMode = Literal["auto", "off"]
"""``auto``: crop pictures to the face as the model's framing says, where it has one and a face
is found; ``off``: take the middle of each picture."""

FaceChoice = Literal["largest", "all"] | int
"""The faces to animate: the largest, all, or one by its number from the left, from 1."""


_TIME, _PATHS = float | None, tuple[Path, ...]

_EXPECTED: Mapping[Any, str] = {
    bool: "True or False",
    bool | None: "True, False or None",
    Crop | None: "a Crop",
    str | Path | None: "a path",
    _TIME: "seconds, 0 or more",
    _PATHS: "a tuple of paths",
}
"""What an option takes, by its type."""


@dataclass(frozen=True)
class AnimationOptions:
    """Options of an animation, for the library, the commands and the page alike.

    A command's option has the name of its field here, and choices come from the types, so
    that an option is written where it acts, here, and in the line of a command that offers it.

    Attributes:
        view: what is shown of each frame.
        png: write numbered PNGs into a folder instead of a video.
        frame_rate: frames per second of the result; ``None`` is the driving's.
        audio: copy the driving video's sound, unless ``frame_rate`` changes the speed.
        motion, adapt_scale, fit: as of :class:`~fomm_core.animator.Animator`.
        crop: whether to crop source and driving to the face.
        face: which faces of the source are animated.
        square: the square of the source to animate, in its pixels, instead of a found face.
        paste_back: put the animated square back into the whole picture; ``None`` does where
            the source was cropped, and the view shows generated frames alone.
        size: height of the result in pixels, of which the view shows one picture; ``None`` is
            the picture's own, up to 1920 pixels on its longer side, or the model's.
        detail: add the source's own fine detail to generated squares that are enlarged.
        find_best_frame: take as reference the driving frame whose pose is nearest to the
            source's; detects the keypoints of all driving frames before any is generated.
        smooth: smooth the driving keypoints against jitter.
        start, end: the part of the driving video, in seconds.
        keep_going: where the driving video breaks off, animate what comes before.
        save_motion: also save the driving motion as a template (.npz).
        metadata: say in the result's metadata that it was animated, and by what
            (:class:`~fomm_core.pipeline.provenance.Provenance`).
        spared: files that were read before, such as the motion template or parameters; they
            are not written over, as the inputs are not.

    Raises:
        FommError: a value is of another type, none of its choices, or not within its limits;
            faces are chosen beside a square, or where none are looked for.
    """

    view: View = "default"
    png: bool = False
    frame_rate: Fraction | None = None
    audio: bool = True
    motion: MotionMode = "relative"
    adapt_scale: bool = False
    fit: Fit = "crop"
    crop: CropMode = "auto"
    face: FaceChoice = "largest"
    square: Crop | None = None
    paste_back: bool | None = None
    size: int | None = None
    detail: bool = True
    find_best_frame: bool = False
    smooth: bool = False
    start: float | None = None
    end: float | None = None
    keep_going: bool = False
    save_motion: str | Path | None = None
    metadata: bool = True
    spared: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        for name in option_names():
            _check_value(name, getattr(self, name))
        if not (self.face in ("largest", "all") or is_face_number(self.face)):
            raise FommError(f"face: expected largest, all or a number from 1, found {self.face!r}")
        if self.face != "largest":
            self._check_face()
        self._check_square()
        self._check_size()
        rate = self.frame_rate
        if rate is not None and not (isinstance(rate, Fraction) and rate > 0):
            expected = "a fraction above 0, such as Fraction(30000, 1001)"
            raise FommError(f"frame_rate: expected {expected}, found {rate!r}")

    def _check_face(self) -> None:
        """Refuse a choice of faces that nothing would come of."""
        if self.square is not None:
            raise FommError("expected either square or face, found both")
        if self.crop == "off":
            raise FommError("face: expected faces to be looked for, found crop off")

    def _check_square(self) -> None:
        square = self.square
        if square is None:
            return
        numbers = (square.left, square.top, square.side)
        if not (all(map(is_finite_number, numbers)) and square.side >= 1):
            raise FommError(f"square: expected finite numbers, side 1 or more, found {square!r}")

    def _check_size(self) -> None:
        size = self.size
        if size is None:
            return
        if isinstance(size, bool) or not (
            isinstance(size, int) and SMALLEST_SIZE <= size <= LARGEST_SIZE
        ):
            expected = f"{SMALLEST_SIZE} to {LARGEST_SIZE} pixels"
            raise FommError(f"size: expected {expected}, found {size!r}")
        if self.view in ("detailed", "full"):
            raise FommError(f"size: expected a view of one picture, found {self.view}")


def is_face_number(face: FaceChoice) -> TypeGuard[int]:
    """Whether a choice of faces is a number from 1."""
    return isinstance(face, int) and not isinstance(face, bool) and face >= 1


def option_names() -> tuple[str, ...]:
    """Names of all options, in the order of the record."""
    return tuple(field.name for field in fields(AnimationOptions))


def choices_of(option: str) -> tuple[str, ...]:
    """Values that an option may have, in order; empty for one that is no choice."""
    hint = _hints()[option]
    return get_args(hint) if get_origin(hint) is Literal else ()


def _check_value(option: str, value: object) -> None:
    """Refuse what is not of the option's type, where the type alone says what is allowed.

    Raises:
        FommError: with the words of :data:`_EXPECTED`.
    """
    hint, choices = _hints()[option], choices_of(option)
    if choices:
        require_choice(option, value, choices)
    if hint in _EXPECTED and not _is_of_type(value, hint):
        raise FommError(f"{option}: expected {_EXPECTED[hint]}, found {value!r}")


def _is_of_type(value: object, hint: Any) -> bool:
    if hint == _TIME:
        return value is None or (is_finite_number(value) and value >= 0)
    if hint == _PATHS:
        return isinstance(value, tuple) and all(isinstance(each, Path) for each in value)
    return isinstance(value, hint)


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(AnimationOptions)
