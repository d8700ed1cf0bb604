"""The engines that there are: one line each, and those that other packages add.

A package adds an engine by an entry point of the group ``fomm.engines``, which bears the
engine's name and leads to its :class:`~fomm_core.engine.spec.EngineSpec`::

    [project.entry-points."fomm.engines"]
    my-engine = "my_package.my_engine:MY_ENGINE"
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from fomm_core.engine.spec import EngineSpec, EngineStatus
from fomm_core.errors import EngineError
from fomm_core.utils.entry_points import BrokenEntryPointError, load_entry_point

ENGINE_GROUP = "fomm.engines"
"""The entry-point group in which packages name their engines."""

_OWN = {
    "nnabla-cudnn": "fomm_core.engine.nnabla:CUDNN",
    "openvino": "fomm_core.engine.openvino:OPENVINO",
    "onnxruntime": "fomm_core.engine.onnxruntime:ONNXRUNTIME",
    "nnabla": "fomm_core.engine.nnabla:NNABLA",
}
"""The engines of this package, the fastest first: the order in which ``auto`` tries them, but that
those with an accelerator come before."""

_GROUPS = ("auto", "cpu")
"""The names that :func:`choose_engine` takes for several engines."""

logger = logging.getLogger(__name__)


def engine_names() -> tuple[str, ...]:
    """The names of all engines, in the order of :func:`engine_specs`; imports none of them."""
    return tuple(entry_point.name for entry_point in _entry_points())


@cache
def engine_specs() -> tuple[EngineSpec, ...]:
    """All engines: this package's, the fastest first, then those of others by name.

    One that cannot be imported is left out, with a warning.
    """
    loaded = (_load(entry_point) for entry_point in _entry_points())
    return tuple(spec for spec in loaded if spec is not None)


def find_engine(name: str) -> EngineSpec:
    """The engine of a name.

    Raises:
        EngineError: there is none.
    """
    (spec,) = _candidates(name, groups={})
    return spec


def available_engines() -> list[EngineStatus]:
    """The status of every engine, in the order of :func:`engine_specs`."""
    return [spec.status() for spec in engine_specs()]


def require_device(engine: str, device: str) -> None:
    """Check that a device is there.

    Args:
        engine: an engine's name or a group's, as of :func:`choose_engine`.
        device: a device's name (:meth:`~fomm_core.engine.spec.EngineSpec.find_device`).

    Raises:
        EngineError: no usable engine of these finds it; the message lists what they find.
    """
    usable = [spec for spec in _candidates(engine, _groups()) if spec.status().usable]
    if not usable or any(spec.find_device(device) for spec in usable):
        return
    found = "; ".join(f"{spec.name}: {', '.join(spec.devices())}" for spec in usable)
    raise EngineError(f"device: expected one that is there ({found}), found {device!r}")


def choose_engine(wanted: str, obstacle: Callable[[EngineSpec], str]) -> EngineSpec:
    """Choose the engine to run a model with.

    Args:
        wanted: an engine's name; ``"auto"`` for the fastest that can run the model here (an
            accelerator that passes its trial comes first), or ``"cpu"`` for the fastest of those
            on the CPU.
        obstacle: says why an engine cannot run the model; gives an empty text if it can.

    Raises:
        EngineError: the name is unknown, or that engine (or any) cannot run the model here.
    """
    reasons = []
    for spec in _candidates(wanted, _groups()):
        reason = spec.status().reason or obstacle(spec)
        if not reason:
            return spec
        reasons.append(f"{spec.name}: {reason}")
    raise EngineError("no engine can run this model here: " + "; ".join(reasons))


def _groups() -> dict[str, Callable[[], tuple[EngineSpec, ...]]]:
    """The engines of each group, the fastest first."""
    specs = engine_specs()
    return {
        "auto": lambda: tuple(sorted(specs, key=lambda spec: not _accelerator_of(spec))),
        "cpu": lambda: tuple(spec for spec in specs if spec.device == "cpu"),
    }


def _accelerator_of(spec: EngineSpec) -> str:
    """The accelerator that an engine takes by itself; empty where there is none."""
    return spec.accelerator() if spec.status().usable else ""


def _candidates(
    wanted: str, groups: dict[str, Callable[[], tuple[EngineSpec, ...]]]
) -> tuple[EngineSpec, ...]:
    """The engines of a group, or the one of a name."""
    if wanted in groups:
        return groups[wanted]()
    named = {spec.name: spec for spec in engine_specs()}
    if wanted not in named:
        known = ", ".join((*groups, *named))
        raise EngineError(f"engine: expected one of {known}, found {wanted!r}")
    return (named[wanted],)


def _entry_points() -> list[EntryPoint]:
    """The place of each engine; the names of this package's, and of groups, stay theirs."""
    own = [EntryPoint(name, value, ENGINE_GROUP) for name, value in _OWN.items()]
    added = {point.name: point for point in entry_points(group=ENGINE_GROUP)}
    return own + [added[name] for name in sorted(added.keys() - {*_OWN, *_GROUPS})]


def _load(entry_point: EntryPoint) -> EngineSpec | None:
    try:
        spec = load_entry_point(entry_point, EngineSpec, "an EngineSpec")
        if spec.name != entry_point.name:
            raise BrokenEntryPointError(
                f"expected this name at {entry_point.value}, found {spec.name!r}"
            )
    except BrokenEntryPointError as error:
        logger.warning("engine %s: left out: %s", entry_point.name, error)
        return None
    return replace(spec, status=lambda: _status_of(spec))


def _status_of(spec: EngineSpec) -> EngineStatus:
    """The status of an engine; one that cannot even tell it is not usable."""
    try:
        return spec.status()
    except Exception as error:  # noqa: BLE001 - other people's modules may fail in any way
        reason = " ".join(f"its status fails: {type(error).__name__}: {error}".split())
        return EngineStatus(spec.name, False, reason, "")
