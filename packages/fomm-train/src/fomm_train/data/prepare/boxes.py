"""Which parts of which videos to cut out: a table of boxes, as CSV.

The first line names the columns, in any order; others are left alone:

========================  =====================================================================
``file``                  a video of the data set: its path within it, its file's name or its
                          name without the ending
``start``, ``end``        frame numbers counted from 0, ``end`` not included; empty or absent for
                          the beginning and the end of the video
``left``, ``top``,        a box in pixels of the upright frame, ``right`` and ``bottom`` not
``right``, ``bottom``     included; fractions are rounded, and what lies outside is cut off
========================  =====================================================================

Each row becomes a clip of its own, named ``<name of the video>#<n>`` with n counting the rows of
that video from 0.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fomm_core.errors import ConfigError, MediaError
from fomm_core.image import ByteArray

_COLUMNS = ("file", "left", "top", "right", "bottom")
_NUMBERS = ("start", "end", *_COLUMNS[1:])


@dataclass(frozen=True)
class Cut:
    """A part of a video.

    Attributes:
        start: first frame, counted from 0.
        end: frame to stop before; ``None`` is the end of the video.
        left, top, right, bottom: box in pixels, ``right`` and ``bottom`` not included.
    """

    start: int
    end: int | None
    left: int
    top: int
    right: int
    bottom: int

    def crop(self, frame: ByteArray) -> ByteArray:
        """Return the box of a frame, (H, W, 3) uint8.

        Raises:
            MediaError: the box lies outside of the frame.
        """
        height, width = frame.shape[:2]
        part = frame[max(0, self.top) : max(0, self.bottom), max(0, self.left) : max(0, self.right)]
        if part.size == 0:
            raise MediaError(
                f"expected a box within {width} x {height} pixels, found left {self.left}, "
                f"top {self.top}, right {self.right}, bottom {self.bottom}"
            )
        return part


@dataclass(frozen=True)
class BoxRow:
    """A row of the table.

    Attributes:
        file: which video, as the table names it.
        cut: which part of it.
        place: where the row stands, for messages.
    """

    file: str
    cut: Cut
    place: str


def _lines(file: Iterable[str]) -> Iterator[str]:
    """The lines of a text; from Python 3.11 on, csv takes binary data for some."""
    for line in file:
        if "\0" in line:
            raise csv.Error("line contains NUL")
        yield line


def read_boxes(path: Path) -> list[BoxRow]:
    """Read a table of boxes.

    Raises:
        ConfigError: it cannot be read, lacks a column or a row, or a row makes no sense; the
            message names the line.
    """
    try:
        # Names of files need not be UTF-8.
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            reader = csv.DictReader(_lines(file))
            _check_columns(path, reader.fieldnames or ())
            rows = [_row(row, f"{path}:{reader.line_num}") for row in reader]
    except (OSError, csv.Error) as error:
        raise ConfigError(f"{path}: expected a CSV file of boxes: {error}") from error
    if not rows:
        raise ConfigError(f"{path}: expected at least one box, found none")
    return rows


def _check_columns(path: Path, found: Sequence[str]) -> None:
    missing = [name for name in _COLUMNS if name not in found]
    if missing:
        raise ConfigError(
            f"{path}: expected the columns {', '.join(_COLUMNS)} (and start, end) named in the "
            f"first line, found no {', '.join(missing)}"
        )


def _row(row: Mapping[str, str | None], place: str) -> BoxRow:
    numbers = {name: _number(row.get(name), name, place) for name in _NUMBERS}
    box = [numbers[name] for name in _COLUMNS[1:]]
    start, end = numbers["start"] or 0, numbers["end"]
    file = (row["file"] or "").strip()
    if not file or None in box:
        raise ConfigError(f"{place}: expected a file and a box, found an empty field")
    left, top, right, bottom = (value or 0 for value in box)
    if not (left < right and top < bottom and 0 <= start < (start + 1 if end is None else end)):
        raise ConfigError(
            f"{place}: expected left < right, top < bottom and 0 <= start < end, found "
            f"{left}, {right}; {top}, {bottom}; {start}, {end}"
        )
    return BoxRow(file, Cut(start, end, left, top, right, bottom), place)


def _number(text: str | None, name: str, place: str) -> int | None:
    if text is None or not text.strip():
        return None
    try:
        return round(float(text))
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{place}: {name}: expected a number, found {text!r}") from error
