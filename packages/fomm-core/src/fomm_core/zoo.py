"""The models that can be downloaded by name.

The embedded model ``avatar`` is not listed here: it needs no download.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from fomm_core.errors import ModelError

EMBEDDED = "avatar"
"""Name of the model that comes with the package."""

CONFIG_NAME = "config.yaml"
PARAMS_NAME = "params.h5"

_NNABLA_URL = "https://nnabla.org/pretrained-models/nnabla-examples/GANs/first-order-model/"


@dataclass(frozen=True)
class ZooFile:
    """One file to download.

    Attributes:
        url: its published address.
        name: file name in the cache; the ending says what it must be (.h5 or .yaml).
        size: length in bytes, or ``None`` where not known beforehand.
        sha256: digest as 64 hexadecimal digits, or ``None`` where not known beforehand.
    """

    url: str
    name: str
    size: int | None = None
    sha256: str | None = None

    @property
    def address(self) -> str:
        """Where to fetch it: :attr:`url`, or the mirror named by ``FOMM_ZOO_URL``."""
        mirror = os.environ.get("FOMM_ZOO_URL")
        if not mirror:
            return self.url
        return f"{mirror.rstrip('/')}/{self.url.rpartition('/')[2]}"


@dataclass(frozen=True)
class ZooEntry:
    """A model, or a set of weights, that can be downloaded.

    Attributes:
        name: what users call it.
        files: what it consists of.
        description: one line for lists.
        licence: the terms as far as they are published.
        provenance: who made it, from what.
    """

    name: str
    files: tuple[ZooFile, ...]
    description: str
    licence: str
    provenance: str


VOX = ZooEntry(
    name="vox",
    files=(
        ZooFile(f"{_NNABLA_URL}voxceleb_trained_info.yaml", CONFIG_NAME),
        ZooFile(f"{_NNABLA_URL}pretrained_fomm_params.h5", PARAMS_NAME),
    ),
    description="faces, 256x256, 10 keypoints; the published NNabla weights",
    licence="published beside Apache-2.0 code; no separate terms for the weights are stated",
    provenance="trained by Sony on VoxCeleb with the NNabla implementation",
)

VGG19 = ZooEntry(
    name="vgg19",
    files=(ZooFile(f"{_NNABLA_URL}vgg19.h5", "vgg19.h5"),),
    description="VGG19 features for the perceptual loss; needed for training only",
    licence="published beside Apache-2.0 code; no separate terms for the weights are stated",
    provenance="ImageNet classifier, published by Sony with the NNabla implementation",
)

ZOO: Mapping[str, ZooEntry] = MappingProxyType({entry.name: entry for entry in (VOX, VGG19)})
"""All entries by name."""


def resolve(name: str) -> ZooEntry:
    """Find an entry by its name.

    Raises:
        ModelError: there is none; the message lists the names that there are.
    """
    if name in ZOO:
        return ZOO[name]
    known = (EMBEDDED, *ZOO)
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise ModelError(f"expected a model folder or one of {', '.join(known)}, found '{name}'{hint}")
