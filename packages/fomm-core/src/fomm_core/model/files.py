"""The files of one model, found and not yet loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fomm_core.config import Config
from fomm_core.model.bundle import Bundle
from fomm_core.model.framing import Framing


@dataclass(frozen=True)
class ModelFiles:
    """The files of a model, before any engine has loaded them.

    Attributes:
        name: names the folder of its results.
        config: the configuration.
        parameters: NNabla's parameter file, where there is one.
        bundle: the exported graphs, where there are some.
        framing: how pictures are cropped to the face; ``None`` leaves them as they are.
    """

    name: str
    config: Config
    parameters: Path | None = None
    bundle: Bundle | None = None
    framing: Framing | None = None
