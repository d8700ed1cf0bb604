"""Record of the reconstructed videos: a small file for each, so that an ended run can go on."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from fomm_core.errors import OutputError
from fomm_core.model.files import ModelFiles
from fomm_core.utils.files import atomic_path, sha256_of

_FOLDER = ".complete"

_LONGEST_NAME = 250
"""Bytes: file systems take 255 with the ending."""


@dataclass(frozen=True)
class Reconstructed:
    """A video that is reconstructed.

    Attributes:
        name: of the video.
        frames: number of frames.
        difference: sum of the absolute differences of all 8-bit values, exact.
        values: number of these values.
    """

    name: str
    frames: int
    difference: int
    values: int

    @property
    def l1(self) -> float:
        """Mean absolute difference of frames in [0, 1]."""
        return self.difference / (255 * self.values)


class Manifest:
    """Complete videos in a folder of reconstructions.

    Args:
        folder: of the reconstructions.
        fingerprint: stands for everything that the results depend on; what was made under
            another one does not count as complete.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder = folder / _FOLDER
        self._fingerprint = fingerprint

    def find(self, name: str) -> Reconstructed | None:
        """Record of a complete video, or ``None``."""
        try:
            found = json.loads(self._path(name).read_text(encoding="utf-8"))
            if found.pop("fingerprint") != self._fingerprint:
                return None
            return Reconstructed(**found)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def forget(self, name: str) -> None:
        """Take a video for incomplete, before it is made anew.

        Raises:
            OutputError: the folder cannot be written.
        """
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{self._folder}: cannot be written: {error.strerror}") from error

    def add(self, done: Reconstructed) -> None:
        """Take a video for complete.

        Raises:
            OutputError: the folder cannot be written.
        """
        content = {"fingerprint": self._fingerprint, **asdict(done)}
        with atomic_path(self._path(done.name), parents=True) as partial:
            partial.write_text(json.dumps(content) + "\n", encoding="utf-8")

    def _path(self, name: str) -> Path:
        """File of a video; of a name as long as systems allow, its hash stands for it."""
        encoded = os.fsencode(name)
        short = name if len(encoded) <= _LONGEST_NAME else hashlib.sha256(encoded).hexdigest()
        return self._folder / f"{short}.json"


def fingerprint_of(files: ModelFiles, *settings: object) -> str:
    """Stand for a model, by the content of its files, and for settings.

    Args:
        files: of the model.
        settings: whatever else the results depend on, plain values.

    Returns:
        64 hexadecimal digits.
    """
    paths = [files.parameters] if files.parameters else []
    if files.bundle is not None:
        paths += list(files.bundle.graphs.values())
    hashes = [sha256_of(path) for path in paths]
    text = json.dumps([files.config.model_dump(mode="json"), hashes, [str(s) for s in settings]])
    return hashlib.sha256(text.encode()).hexdigest()
