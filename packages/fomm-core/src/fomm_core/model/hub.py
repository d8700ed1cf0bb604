"""The models that can be downloaded by name.

The embedded models are not listed here: they need no download.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from fomm_core.errors import ModelError
from fomm_core.model.bundle import embedded_models
from fomm_core.model.download import RemoteFile, fetch_file
from fomm_core.model.framing import VOXCELEB, Framing
from fomm_core.model.http import Retry
from fomm_core.utils.cache import cache_folder

CONFIG_NAME = "config.yaml"
PARAMS_NAME = "params.h5"

_NNABLA_URL = "https://nnabla.org/pretrained-models/nnabla-examples/GANs/first-order-model/"
_TERMS = "published beside Apache-2.0 code; no separate terms for the weights are stated"


@dataclass(frozen=True)
class HubEntry:
    """A model, or a set of weights, that can be downloaded.

    Attributes:
        name: what users call it.
        files: what it consists of; a model has :data:`CONFIG_NAME` and :data:`PARAMS_NAME`.
        description: one line for lists.
        licence: the terms as far as they are published.
        provenance: who made it, from what.
        framing: how pictures are cropped to the face; ``None`` leaves them as they are.
    """

    name: str
    files: tuple[RemoteFile, ...]
    description: str
    licence: str
    provenance: str
    framing: Framing | None = None

    @property
    def is_model(self) -> bool:
        """Whether it animates by itself, or is only a part for training."""
        return {CONFIG_NAME, PARAMS_NAME} <= {file.name for file in self.files}


VOX = HubEntry(
    name="vox",
    files=(
        RemoteFile(f"{_NNABLA_URL}voxceleb_trained_info.yaml", CONFIG_NAME),
        RemoteFile(f"{_NNABLA_URL}pretrained_fomm_params.h5", PARAMS_NAME),
    ),
    description="faces, 256x256, 10 keypoints: the published NNabla weights",
    licence=_TERMS,
    provenance="trained on VoxCeleb with the NNabla implementation, by its authors",
    framing=VOXCELEB,
)

VGG19 = HubEntry(
    name="vgg19",
    files=(RemoteFile(f"{_NNABLA_URL}vgg19.h5", "vgg19.h5"),),
    description="VGG19 features for the perceptual loss, for training only",
    licence=_TERMS,
    provenance="classifier published with the NNabla implementation",
)

HUB: Mapping[str, HubEntry] = MappingProxyType({entry.name: entry for entry in (VOX, VGG19)})
"""All entries by name."""


def resolve(name: str) -> HubEntry:
    """Find an entry by its name.

    Raises:
        ModelError: there is none; the message lists the names that there are.
    """
    if name in HUB:
        return HUB[name]
    models = (entry.name for entry in HUB.values() if entry.is_model)
    known = (*sorted(embedded_models()), *models)
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise ModelError(f"expected a model folder or one of {', '.join(known)}, found '{name}'{hint}")


def fetch(entry: HubEntry, progress: bool = True, retry: Retry | None = None) -> dict[str, Path]:
    """Make the files of an entry available locally, in ``zoo/<entry>`` of the cache folder.

    Args:
        entry: what to fetch.
        progress: show bars on stderr if that is a terminal.
        retry: how patiently to try.

    Returns:
        The local path of each file by its name in the entry.

    Raises:
        DownloadError: a file cannot be fetched, or what came is not the right file.
        OutputError: the cache folder cannot be written.
    """
    folder = cache_folder() / "zoo" / entry.name
    return {
        file.name: fetch_file(file, folder / file.name, progress, retry) for file in entry.files
    }


def fetch_model(name: str, progress: bool = True) -> tuple[Path, Path]:
    """Make a model of the hub available locally.

    Returns:
        Paths of its configuration and of its parameter file.

    Raises:
        ModelError: there is no such model; or, as DownloadError, it cannot be fetched.
        OutputError: the cache folder cannot be written.
    """
    entry = resolve(name)
    if not entry.is_model:
        raise ModelError(f"{name}: expected a model, found {entry.description}")
    files = fetch(entry, progress)
    return files[CONFIG_NAME], files[PARAMS_NAME]
