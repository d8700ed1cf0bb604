"""Types of the options' values: what is read from the words of a command line."""

from __future__ import annotations

import math
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import click

from fomm_core.config.named import find_config_file, installed_configs
from fomm_core.errors import FaceError
from fomm_core.face.crop import Crop
from fomm_core.pipeline.options import FaceChoice, is_face_number

_RATE = re.compile(r"-?[0-9]+(\.[0-9]+|/[0-9]+)?")  # no exponents: Fraction("1e999999999")
_FASTEST = 1000
_FINEST = 1_000_000  # what the clocks of video files can tell apart


class FrameRate(click.ParamType[Fraction]):
    """Frames per second as an exact fraction: 25, 29.97 or 30000/1001."""

    name = "rate"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        """Read a rate from text."""
        if isinstance(value, Fraction):
            return value
        try:
            rate = Fraction(value if _RATE.fullmatch(value) else "none")
        except (ValueError, ZeroDivisionError):
            self.fail(f"expected a rate such as 25 or 30000/1001, found {value!r}", param, ctx)
        if not 0 < rate <= _FASTEST:
            self.fail(f"expected a rate above 0 and up to {_FASTEST}, found {value}", param, ctx)
        if max(rate.numerator, rate.denominator) > _FINEST:
            expected = f"expected a fraction of numbers up to {_FINEST:,}"
            self.fail(f"{expected}, found {rate}", param, ctx)
        return rate


class Face(click.ParamType[FaceChoice]):
    """Faces of a picture: ``largest``, ``all``, or a number from 1."""

    name = "largest|all|N"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> FaceChoice:
        """Read a choice from text."""
        if value in ("largest", "all"):
            return cast(FaceChoice, value)
        if not (str(value).isdecimal() and is_face_number(int(value))):
            self.fail(f"expected largest, all or a number from 1, found {value!r}", param, ctx)
        return int(value)


class Square(click.ParamType[Crop]):
    """Square of a picture: ``left,top,side`` in whole pixels."""

    name = "left,top,side"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Crop:
        """Read a square from text."""
        if isinstance(value, Crop):
            return value
        try:
            return Crop.from_text(value)
        except FaceError as error:
            self.fail(str(error), param, ctx)


class FiniteRange(click.FloatRange):
    """A number within limits, which NaN is not, though it compares with none of them."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a number from text."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"expected a finite number, found {value}", param, ctx)
        return number


class ReachablePath(click.Path):
    """A path that the system can look up, whether or not something is there."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """Refuse names that are empty or too long, and folders that may not be entered."""
        if value == "":  # which pathlib takes for the current folder
            self.fail("expected a path, found an empty word", param, ctx)
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        try:
            path.exists()
        except OSError as error:
            self.fail(f"{_shortened(str(path))}: {error.strerror}", param, ctx)
        return path


class ConfigFile(ReachablePath):
    """A configuration: a file, or the name of one that an installed package brings along."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """Find the file of a name; a path that exists, or looks like one, stays as it is."""
        path: Path = super().convert(value, param, ctx)
        if path.exists() or path.suffix or len(path.parts) != 1:
            return path
        return find_config_file(str(path), installed_configs())


def _shortened(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:60]}...{text[-30:]}"
