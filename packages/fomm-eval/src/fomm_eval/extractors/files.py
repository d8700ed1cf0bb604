"""Landmarks or embeddings that were made elsewhere, from .npz or .csv files.

An .npz file holds an array for each clip under its name: landmarks (T, N, 2) or embeddings
(T, D). A .csv file has a line of titles, then lines of clip, frame (from 0) and the numbers of
that frame: x and y of each landmark in turn, or the embedding. Missing ones are NaN or empty;
lines may be missing. Nothing is unpickled.
"""

from __future__ import annotations

import csv
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.paths import printable
from fomm_eval.data.clips import Clip, Side
from fomm_eval.errors import ExtractorError
from fomm_eval.extractors.base import FrameView, Observation


class StoredLandmarks:
    """Landmarks from a file for each side.

    Args:
        real, generated: .npz or .csv.

    Raises:
        ExtractorError: a file cannot be read or has another form.
    """

    def __init__(self, real: Path, generated: Path) -> None:
        self._tables = _read_both(real, generated, landmarks=True)
        self.name = f"files: {real.name} and {generated.name}"

    def observe(self, view: FrameView) -> Observation:
        """The landmarks that the file has for the frame."""
        return Observation(landmarks=_row(self._tables[view.side], view))


class StoredEmbeddings:
    """Embeddings from a file for each side.

    Args:
        real, generated: .npz or .csv.

    Raises:
        ExtractorError: a file cannot be read or has another form.
    """

    def __init__(self, real: Path, generated: Path) -> None:
        self._tables = _read_both(real, generated, landmarks=False)
        self.name = f"files: {real.name} and {generated.name}"

    def observe(self, view: FrameView) -> Observation:
        """The embedding that the file has for the frame."""
        return Observation(embedding=_row(self._tables[view.side], view))


class _Table:
    """The arrays of a file by clip; a sparse one leaves frames out in which nothing is."""

    def __init__(self, path: Path, arrays: Mapping[str, FloatArray], sparse: bool) -> None:
        self.path = path
        self.arrays = arrays
        self.sparse = sparse

    def of(self, clip: Clip) -> FloatArray:
        for name in (clip.name, printable(clip.name)):
            if name in self.arrays:
                return self.arrays[name]
        raise ExtractorError(f"{self.path}: expected the clip {clip.name}, found none of it")


def _read_both(real: Path, generated: Path, landmarks: bool) -> dict[Side, _Table]:
    return {"real": _read(real, landmarks), "generated": _read(generated, landmarks)}


def _row(table: _Table, view: FrameView) -> FloatArray | None:
    rows = table.of(view.clip)
    if view.index >= len(rows):
        if table.sparse:
            return None
        raise ExtractorError(
            f"{table.path}: {view.clip.name}: expected frame {view.index}, found {len(rows)} frames"
        )
    row: FloatArray = rows[view.index]
    return None if np.isnan(row).all() else row


def _read(path: Path, landmarks: bool) -> _Table:
    readers = {".npz": _read_npz, ".csv": _read_csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ExtractorError(f"{path}: expected a file of .npz or .csv, found {path.suffix!r}")
    try:
        arrays = reader(path, landmarks)
    except (OSError, ValueError, EOFError, csv.Error, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise ExtractorError(f"{path}: expected landmarks or embeddings: {reason}") from error
    for name, array in arrays.items():
        _check(path, name, array, landmarks)
    return _Table(path, arrays, sparse=reader is _read_csv)


def _check(path: Path, name: str, array: FloatArray, landmarks: bool) -> None:
    expected = "(T, N, 2) landmarks" if landmarks else "(T, D) embeddings"
    fits = array.ndim == (3 if landmarks else 2) and (not landmarks or array.shape[-1] == 2)
    if not fits or not array.size:
        raise ExtractorError(f"{path}: {name}: expected {expected}, found {array.shape}")
    if np.isinf(array).any():
        raise ExtractorError(f"{path}: {name}: expected finite numbers or NaN, found infinity")


def _read_npz(path: Path, _: bool) -> dict[str, FloatArray]:
    with np.load(path, allow_pickle=False) as content:
        return {name: np.asarray(content[name], np.float32) for name in content.files}


def _read_csv(path: Path, landmarks: bool) -> dict[str, FloatArray]:
    rows: dict[str, dict[int, list[float]]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        lines = csv.reader(file)
        width = len(next(lines, []))
        if width < 3 or (landmarks and width % 2):
            raise ValueError(f"expected titles: clip, frame, numbers; found {width} columns")
        for line in lines:
            if len(line) != width:
                raise ValueError(f"line {lines.line_num}: expected {width} columns")
            numbers = [float(text) if text.strip() else math.nan for text in line[2:]]
            rows.setdefault(line[0], {})[_frame(line[1], lines.line_num)] = numbers
    return {name: _dense(frames, landmarks) for name, frames in rows.items()}


def _frame(text: str, line: int) -> int:
    if not text.strip().isdecimal() or int(text) >= 10**7:
        raise ValueError(f"line {line}: expected the number of a frame, found {text!r}")
    return int(text)


def _dense(frames: dict[int, list[float]], landmarks: bool) -> FloatArray:
    """Rows in order of frames; frames without a line are NaN."""
    width = len(next(iter(frames.values())))
    table = np.full((max(frames) + 1, width), np.nan, np.float32)
    for number, row in frames.items():
        table[number] = row
    return table.reshape(len(table), -1, 2) if landmarks else table
