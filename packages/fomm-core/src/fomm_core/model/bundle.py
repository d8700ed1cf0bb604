"""A model as a folder: card, exported graphs and, optionally, parameters.

========================= ==============================================================
``model.yaml``            the :class:`ModelCard`: configuration, provenance, checksums
``{stage}.onnx``          one exported graph for each of the four stages
``decoder-int8.onnx``     the decoder with convolutions in INT8 (optional, ``fomm quantize``)
``params.h5``             NNabla's parameters (optional; needed to train on or re-export)
========================= ==============================================================
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationError

from fomm_core.config import Config, Section, explain
from fomm_core.errors import ModelError, OutputError
from fomm_core.model.framing import Framing
from fomm_core.utils.files import sha256_of, staged_folder
from fomm_core.utils.yaml import read_yaml

STAGES = ("keypoints", "encoder", "motion", "decoder")
"""The stages of inference, in the order in which they run."""

CARD_FILE = "model.yaml"
PARAMETERS_FILE = "params.h5"
INT8_DECODER = "decoder-int8.onnx"
EMBEDDED_MODELS = Path(__file__).parents[1] / "assets" / "models"
_PLACES = {"log_dir", "saved_parameters"}


def is_plain_name(name: str) -> bool:
    """Whether a name can name a file or folder by itself, and leads nowhere else."""
    return name not in ("", ".", "..") and not set(name) & set("/\\\0\n")


def _plain_name(name: str) -> str:
    if not is_plain_name(name):
        raise ValueError(f"expected a plain name, found {name!r}")
    return name


PlainName = Annotated[str, AfterValidator(_plain_name)]


class ModelCard(Section):
    """Description that a model gives of itself.

    Attributes:
        format: version of the folder's layout.
        name: the model's name, used in result folders; no path.
        description: one line on what the model animates.
        provenance: data and recipe it was trained with.
        licence: under which it may be used.
        metrics: figures by name, such as ``{"L1": 0.042}``.
        framing: how pictures are cropped to the face for it; ``None`` leaves them as they are.
        int8: by what the INT8 decoder was calibrated; empty where there is none.
        config: the whole configuration.
        files: SHA-256 of each file beside the card, in hexadecimal digits.
    """

    format: Literal[1] = 1
    name: PlainName
    description: str = ""
    provenance: str = ""
    licence: str = ""
    metrics: dict[str, float] = Field(default_factory=dict)
    framing: Framing | None = None
    int8: str = ""
    config: Config
    files: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """A model folder whose files were checked.

    Attributes:
        folder: where it lies.
        card: what ``model.yaml`` says.
    """

    folder: Path
    card: ModelCard

    @property
    def graphs(self) -> dict[str, Path]:
        """The ONNX file of each stage."""
        return {stage: self.folder / f"{stage}.onnx" for stage in STAGES}

    @property
    def int8_graphs(self) -> dict[str, Path] | None:
        """The same with the INT8 decoder, where the bundle has one."""
        if INT8_DECODER not in self.card.files:
            return None
        return {**self.graphs, "decoder": self.folder / INT8_DECODER}

    @property
    def parameters(self) -> Path | None:
        """The parameter file, where the bundle has one."""
        return self.folder / PARAMETERS_FILE if PARAMETERS_FILE in self.card.files else None


def is_bundle(folder: Path) -> bool:
    """Whether a folder is meant to be a bundle."""
    return (folder / CARD_FILE).is_file()


def open_bundle(folder: str | Path) -> Bundle:
    """Open a model folder and check every file against the card.

    Raises:
        ModelError: the folder is no bundle, a file is missing, or one is not what the
            card says it is.
    """
    folder = Path(folder)
    bundle = Bundle(folder, _read_card(folder / CARD_FILE))
    listed = bundle.card.files
    for stage in STAGES:
        if f"{stage}.onnx" not in listed:
            raise ModelError(f"{folder}: expected the graph {stage}.onnx, the card lists none")
    for name, expected in listed.items():
        _check_file(folder, name, expected)
    return bundle


def parse_card(data: Any, name: str) -> ModelCard:
    """Check a card given as plain data.

    Args:
        data: what a ``model.yaml`` holds.
        name: how to call it in error messages.

    Raises:
        ModelError: it is no card; the message names the first bad key.
    """
    try:
        return ModelCard.model_validate(data)
    except ValidationError as error:
        raise ModelError(f"{name}: {explain(error)}") from None


def _read_card(path: Path) -> ModelCard:
    if not path.is_file():
        raise ModelError(f"{path.parent}: expected a model folder with {CARD_FILE}, found none")
    return parse_card(read_yaml(path, ModelError), str(path))


def _check_file(folder: Path, name: str, expected: str) -> None:
    """Check that a listed file lies in the folder itself and has the listed content."""
    if not is_plain_name(name):
        raise ModelError(f"{folder}/{CARD_FILE}: expected plain file names, found {name!r}")
    if not (folder / name).is_file():
        raise ModelError(f"{folder}: expected the file {name}, found none")
    found = sha256_of(folder / name)
    if found != expected:
        raise ModelError(
            f"{folder / name}: expected SHA-256 {expected[:12]}..., found {found[:12]}...; "
            "the file is damaged or was changed: export or download the model again"
        )


def require_room(folder: Path, replace: bool) -> None:
    """Check that a bundle may be written to a folder.

    Raises:
        OutputError: something is there that is not to be replaced.
    """
    if folder.exists() and not (replace and is_bundle(folder)):
        what = "a model" if is_bundle(folder) else "something else"
        raise OutputError(f"{folder}: expected a new folder, found {what}; choose another name")


def write_bundle(
    folder: str | Path,
    card: ModelCard,
    fill: Callable[[Path], None],
    replace: bool = False,
) -> Bundle:
    """Write a model folder; it appears whole or not at all.

    Args:
        folder: where to put it.
        card: the card; its checksums are computed here.
        fill: writes the graphs (and parameters) into the folder that it is given.
        replace: replace an existing bundle at ``folder``.

    Raises:
        OutputError: the folder exists (and is not to be replaced) or cannot be written.
    """
    folder = Path(folder)
    require_room(folder, replace)
    try:
        with staged_folder(folder) as staged:
            fill(staged)
            _write_card(staged, card)
            _swap(staged, folder)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return open_bundle(folder)


def _swap(staged: Path, folder: Path) -> None:
    """Move ``staged`` to ``folder``; what was there before goes only after that."""
    old = staged.with_name(f"{staged.name}-old")
    if folder.exists():
        folder.replace(old)
    try:
        staged.replace(folder)
    except OSError:
        with suppress(OSError):  # another process may have put its own there
            old.replace(folder)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _write_card(folder: Path, card: ModelCard) -> None:
    """Write the card with the checksums of all files in the folder.

    Where the training lay is left out: such folders are made to be given away.
    """
    files = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
    full = card.model_copy(update={"files": files})
    data = full.model_dump(exclude_none=True)
    data["config"] = full.config.model_dump(exclude_unset=True, exclude=_PLACES)
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    (folder / CARD_FILE).write_text(text, encoding="utf-8")


def embedded_models() -> dict[str, Path]:
    """The models that come with the package: folders by name."""
    return {path.parent.name: path.parent for path in EMBEDDED_MODELS.glob(f"*/{CARD_FILE}")}
