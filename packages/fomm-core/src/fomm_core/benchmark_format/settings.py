"""The file ``benchmark.json``: the recipe of a benchmark, and how its folder is laid out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fomm_core.benchmark_format.records import FORMAT, SETTINGS_FILE, BenchmarkSettings
from fomm_core.errors import MediaError


def write_settings(folder: Path, settings: BenchmarkSettings) -> None:
    """Write the settings into the folder of a benchmark.

    Raises:
        OSError: the file cannot be written.
    """
    content: dict[str, object] = {
        "format": FORMAT,
        "size": settings.size,
        "count": settings.count,
        "seed": settings.seed,
        "swapped": settings.swapped,
    }
    if settings.label_names:
        content["labels"] = list(settings.label_names)
    if settings.driven_by:
        content["driven_by"] = dict(settings.driven_by)
    if settings.first_scored:
        content["first_scored"] = settings.first_scored
    (folder / SETTINGS_FILE).write_text(json.dumps(content), encoding="utf-8")


def read_settings(folder: Path) -> BenchmarkSettings:
    """Read the settings of a benchmark.

    Raises:
        MediaError: there are none, or they have another form.
    """
    path = folder / SETTINGS_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise MediaError(
            f"{path}: expected the settings of a benchmark with true answers, found none "
            f"({reason}); name a folder that `fomm heads` or `fomm avatars` wrote with --benchmark"
        ) from error
    keys = ("format", "size", "count", "seed")
    if not isinstance(content, dict) or not all(type(content.get(key)) is int for key in keys):
        raise MediaError(f"{path}: expected whole numbers {', '.join(keys)}")
    if content["format"] != FORMAT or content["count"] < 1:
        raise MediaError(
            f"{path}: expected format {FORMAT} and a count of 1 or more, found format "
            f"{content['format']} and count {content['count']}"
        )
    return BenchmarkSettings(
        content["size"],
        content["count"],
        content["seed"],
        bool(content.get("swapped", False)),
        _label_names(path, content.get("labels", [])),
        _driven_by(path, content.get("driven_by", {})),
        _first_scored(path, content.get("first_scored", 0)),
    )


def _label_names(path: Path, found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise MediaError(f"{path}: labels: expected a list of names, found {found!r}")
    return tuple(found)


def _driven_by(path: Path, found: Any) -> tuple[tuple[str, str], ...]:
    """Cases and their drivers, which are folders beside them and nothing elsewhere."""
    named = isinstance(found, dict) and all(isinstance(name, str) for name in found.values())
    if not named or not all(Path(name).name == name for name in found.values()):
        raise MediaError(f"{path}: driven_by: expected names of cases by name, found {found!r}")
    return tuple(found.items())


def _first_scored(path: Path, found: Any) -> int:
    if type(found) is not int or found < 0:
        raise MediaError(f"{path}: first_scored: expected a number of 0 or more, found {found!r}")
    return found
