"""Lists of pairs to animate: a CSV file of sources and driving videos.

Each line is ``source,driving[,output]``. A first line with the words ``source`` and ``driving``
is a header and names the columns, in any order; columns of other names are passed over, as the
``distance`` and ``frame`` of the original PyTorch code's pairs lists are.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fomm_core.config import Config
from fomm_core.errors import ConfigError, MediaError

_COLUMNS = {"source": 0, "driving": 1, "output": 2}
_MOST_BYTES = 2**24


@dataclass(frozen=True)
class Pair:
    """A line of a list.

    Attributes:
        line: its number in the file, from 1.
        source: the picture to animate; of a video, its first frame is.
        driving: the video (GIF, folder of frames, picture) whose motion is taken, or a motion
            template (.npz).
        output: name of the result as the list has it; empty where it has none.
    """

    line: int
    source: Path
    driving: Path
    output: str = ""


def read_pairs(path: Path, folders: Sequence[Path] = ()) -> list[Pair]:
    """Read a list of pairs.

    Args:
        path: the CSV file, UTF-8.
        folders: where sources and driving videos are looked for after the folder of the list
            itself, such as the test videos of a data set; what is nowhere stays in that folder.

    Returns:
        At least one pair, in the order of the list.

    Raises:
        MediaError: the file cannot be read, has no pairs, or a line is none; the message says
            which.
    """
    rows = list(_rows(path))
    columns = _header(rows[0][1]) if rows else None
    if columns is not None:
        rows = rows[1:]
    if not rows:
        raise MediaError(f"{path}: expected lines source,driving[,output], found none")
    places = (path.parent, *folders)
    return [_pair(path, line, cells, columns, places) for line, cells in rows]


def require_files(path: Path, pairs: Sequence[Pair]) -> None:
    """Refuse a list that names files which are not there, before any work is done.

    Args:
        path: of the list.
        pairs: of it.

    Raises:
        MediaError: with the line of the first one.
    """
    for pair in pairs:
        for file in (pair.source, pair.driving):
            if not _is_there(file):
                raise MediaError(
                    f"{path}, line {pair.line}: expected a file, found nothing at {file}; "
                    "--keep-going goes on without it"
                )


def configured_list(config: Config, config_path: Path | None) -> Path:
    """Find the list that a configuration names in ``animate_params`` or ``dataset_params``.

    Args:
        config: of the model.
        config_path: its file; the list is looked for in the current folder, then beside it.

    Raises:
        ConfigError: it names none.
    """
    named = (config.animate_params or {}).get("pairs_list") or config.dataset_params.pairs_list
    if not isinstance(named, str):
        raise ConfigError(
            "--pairs: expected a CSV file, or a configuration with animate_params.pairs_list; "
            "found neither"
        )
    places = [Path()] if config_path is None else [Path(), config_path.parent]
    return _look_up(named, places)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Numbers and cells of the lines that are not empty."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise MediaError(f"{path}: expected at most {_MOST_BYTES} bytes of pairs, found more")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise MediaError(f"{path}, line {line}: expected UTF-8 text, found other bytes") from error
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror}") from error
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield reader.line_num, stripped
    except csv.Error as error:
        raise MediaError(f"{path}, line {reader.line_num}: {error}") from error


def _header(cells: Sequence[str]) -> dict[str, int] | None:
    """Places of the columns, if the line names them."""
    names = [cell.casefold() for cell in cells]
    if not {"source", "driving"} <= set(names):
        return None
    return {name: names.index(name) for name in _COLUMNS if name in names}


def _pair(
    path: Path,
    line: int,
    cells: Sequence[str],
    columns: Mapping[str, int] | None,
    places: Sequence[Path],
) -> Pair:
    if columns is None and len(cells) > len(_COLUMNS):
        raise _bad_line(path, line, cells)
    found = {
        name: cells[place] if place < len(cells) else ""
        for name, place in (columns or _COLUMNS).items()
    }
    if not (found["source"] and found["driving"]):
        raise _bad_line(path, line, cells)
    if any("\0" in cell for cell in found.values()):
        raise MediaError(f"{path}, line {line}: expected names of files, found a null character")
    source, driving = (_look_up(found[name], places) for name in ("source", "driving"))
    return Pair(line, source, driving, found.get("output", ""))


def _bad_line(path: Path, line: int, cells: Sequence[str]) -> MediaError:
    found = ",".join(cells)
    return MediaError(f"{path}, line {line}: expected source,driving[,output], found {found!r}")


def _look_up(name: str, places: Sequence[Path]) -> Path:
    """The file of this name in the first folder that has it."""
    candidates = [place / name for place in places]
    return next((path for path in candidates if _is_there(path)), candidates[0])


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, a folder that may not be entered
        return False
