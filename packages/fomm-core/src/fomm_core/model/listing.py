"""A list of the models that there are by name, with what their cards tell."""

from __future__ import annotations

from dataclasses import dataclass

from fomm_core.model.bundle import Bundle, embedded_models, open_bundle
from fomm_core.model.hub import HUB, HubEntry
from fomm_core.utils.cache import cache_folder


@dataclass(frozen=True)
class ModelInfo:
    """A model as lists show it.

    Attributes:
        name: what it is called; :func:`~fomm_core.loading.load_model` takes it.
        description: what it animates.
        provenance: who made it, from what.
        licence: under which it may be used.
        metrics: figures by name.
        is_local: whether it can be loaded without a download.
    """

    name: str
    description: str
    provenance: str
    licence: str
    metrics: tuple[tuple[str, float], ...] = ()
    is_local: bool = True


def available_models() -> list[ModelInfo]:
    """All models that have a name: the embedded ones, and those that can be downloaded.

    Nothing is loaded, and nothing downloaded. Model folders of your own are not listed.
    """
    bundles = {name: open_bundle(folder) for name, folder in sorted(embedded_models().items())}
    entries = [entry for entry in HUB.values() if entry.is_model]
    return [
        *(describe_bundle(name, bundle) for name, bundle in bundles.items()),
        *(describe_entry(entry) for entry in entries),
    ]


def describe_bundle(name: str, bundle: Bundle) -> ModelInfo:
    """Describe a model folder by its card, under a name."""
    card = bundle.card
    return ModelInfo(
        name, card.description, card.provenance, card.licence, tuple(card.metrics.items())
    )


def describe_entry(entry: HubEntry) -> ModelInfo:
    """Describe a model of the hub."""
    return ModelInfo(
        entry.name,
        entry.description,
        entry.provenance,
        entry.licence,
        is_local=is_downloaded(entry),
    )


def is_downloaded(entry: HubEntry) -> bool:
    """Whether all files of an entry of the hub lie in the cache folder."""
    folder = cache_folder() / "zoo" / entry.name
    return all((folder / file.name).is_file() for file in entry.files)
