"""The networks' states in a checkpoint, however the trainer that saved it wrapped them.

The original has one entry for each network at the top. Others put them below ``state_dict`` or
``model``, keep all networks in one state whose names begin with the network's, train in parallel
(``module.``) or compiled (``_orig_mod.``), add running means of the weights (EMA), or have the
newer form of spectral normalisation. Nothing of PyTorch is needed here: a tensor is what has
``detach``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fomm_core.convert.torch_names import DISCRIMINATOR, GENERATOR, KP_DETECTOR, NETWORKS
from fomm_core.errors import ParameterError

logger = logging.getLogger(__name__)

Tensors = dict[str, Any]
"""The tensors of one network by the names that the original gives them."""

_ALIASES = {
    "kp_extractor": KP_DETECTOR,
    "keypoint_detector": KP_DETECTOR,
    **{network: network for network in NETWORKS},
}
_AFFIXES = r"(?:_?(?:state_dict|state|model|module|net|params|weights|ema))*"
_NETWORK = re.compile(rf"{_AFFIXES}_?({'|'.join(_ALIASES)}){_AFFIXES}", re.IGNORECASE)
_EMA = re.compile(r"(?:^|[_.])(?:ema|shadow|averaged)(?:$|[_.])", re.IGNORECASE)
_WRAPPER = re.compile(
    r"(?:(?:model|models|module|net|nets|network|networks|params|weights|state|state_dict|ema"
    r"|shadow|checkpoint)_?)+",
    re.IGNORECASE,
)
_PARALLEL = re.compile(r"^(?:(?:module|_orig_mod|model|net)\.)+")
_NO_NETWORK = re.compile(
    r"optim|sched|scaler|vgg|lpips|loss|percept|criterion|pyramid|transform", re.IGNORECASE
)
_SPECTRAL = (
    (re.compile(r"\.parametrizations\.weight\.original$"), ".weight_orig"),
    (re.compile(r"\.parametrizations\.weight\.0\._([uv])$"), r".weight_\1"),
)
_DEEPEST = 4


def find_networks(checkpoint: Mapping[Any, Any], source: str) -> dict[str, Tensors]:
    """Find the state of each network in a checkpoint.

    Where there are the weights themselves and running means of them (EMA), the weights are
    taken, with a warning; where there are only the means, those.

    Args:
        checkpoint: what was loaded: containers, tensors and plain values.
        source: where it comes from, for messages.

    Returns:
        The states of the networks that are there, in the order of
        :data:`~fomm_core.convert.torch_names.NETWORKS`; none where there is no network.

    Raises:
        ParameterError: it holds a network of another method.
    """
    for level in _levels(checkpoint, _DEEPEST):
        found = _separate(level, source) or _together(level, source)
        if found:
            return {network: found[network] for network in NETWORKS if network in found}
    return {}


def _levels(entries: Mapping[Any, Any], depth: int) -> Iterator[Mapping[Any, Any]]:
    """Yield a checkpoint and what is wrapped in it, running means last."""
    yield entries
    wrapped = [
        key
        for key, value in entries.items()
        if isinstance(value, Mapping) and _WRAPPER.fullmatch(str(key))
    ]
    for key in sorted(wrapped, key=_is_mean) if depth else ():
        yield from _levels(entries[key], depth - 1)


def _separate(entries: Mapping[Any, Any], source: str) -> dict[str, Tensors]:
    """Read an entry for each network."""
    states = {str(key): value for key, value in entries.items() if isinstance(value, Mapping)}
    chosen = _chosen([key for key in states if _network_of(key)], source)
    if chosen:
        _refuse_others([key for key, state in states.items() if _has_tensors(state)], source)
    return {network: _plain(_bare(states[key])) for network, key in chosen.items()}


def _together(entries: Mapping[Any, Any], source: str) -> dict[str, Tensors]:
    """Read one state of all networks, whose names begin with the network's."""
    groups: dict[str, Tensors] = {}
    for key, value in entries.items():
        head, _, rest = _PARALLEL.sub("", str(key)).partition(".")
        if rest and hasattr(value, "detach"):
            groups.setdefault(head, {})[rest] = value
    chosen = _chosen([head for head in groups if _network_of(head)], source)
    if chosen:
        _refuse_others(list(groups), source)
    return {network: _plain(groups[head]) for network, head in chosen.items()}


def _network_of(key: str) -> str | None:
    """The network that an entry is named after."""
    match = _NETWORK.fullmatch(key)
    return _ALIASES[match[1].lower()] if match else None


def _chosen(keys: list[str], source: str) -> dict[str, str]:
    """The entry to take of each network: the weights themselves rather than their means."""
    chosen: dict[str, str] = {}
    for key in sorted(keys, key=_is_mean):
        taken = chosen.setdefault(_network_of(key) or key, key)
        if taken != key:
            logger.warning("%s: '%s' is passed over: '%s' is taken", source, key, taken)
    return chosen


def _is_mean(key: Any) -> bool:
    return _EMA.search(str(key)) is not None


def _refuse_others(keys: list[str], source: str) -> None:
    """Raise if there is a network that this method does not have."""
    for key in keys:
        if not (_network_of(key) or _is_mean(key) or _NO_NETWORK.search(key)):
            names = ", ".join((KP_DETECTOR, GENERATOR, DISCRIMINATOR))
            raise ParameterError(f"{source}: expected only {names}, found '{key}'")


def _has_tensors(state: Mapping[Any, Any]) -> bool:
    return any(hasattr(value, "detach") for value in _bare(state).values())


def _bare(state: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Take a network's state out of a wrapping of its own."""
    for level in _levels(state, _DEEPEST):
        if any(hasattr(value, "detach") for value in level.values()):
            return level
    return state


def _plain(state: Mapping[Any, Any]) -> Tensors:
    """Give the tensors the names of the original."""
    return {_plain_name(str(key)): value for key, value in state.items() if key != "n_averaged"}


def _plain_name(name: str) -> str:
    name = _PARALLEL.sub("", name)
    for pattern, replacement in _SPECTRAL:
        name = pattern.sub(replacement, name)
    return name
