"""Provenance of a result: the record in its file that says it was animated, and by what."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from fomm_core._version import __version__


@dataclass(frozen=True)
class Provenance:
    """Provenance of a result, the comment in the metadata of its file.

    Attributes:
        model: name of the model.
        animated_by: program that animated it, and its version.
        squares: left, top and side of the squares of the source that were animated, in pixels
            of the upright picture; left out where there are none. Given as ``--square``, one
            makes the same result again without looking for faces.
    """

    model: str
    animated_by: str = f"fomm-core {__version__}"
    squares: tuple[tuple[float, float, float], ...] = ()

    def to_comment(self) -> str:
        """Write the record as one line of JSON in ASCII, which every format can hold."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})
