"""Engines: the ways to run the networks, behind one interface (``base``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from fomm_core.errors import EngineError

ENGINES = ("nnabla-cudnn", "openvino", "nnabla")
"""All engines, the fastest first: the order in which ``auto`` tries them."""

CPU_ENGINES = ("openvino", "nnabla")
"""Those that run on the CPU."""


@dataclass(frozen=True)
class EngineStatus:
    """Whether an engine can run on this machine.

    Attributes:
        name: one of :data:`ENGINES`.
        usable: whether it can.
        reason: why it cannot, and what to install; empty if it can.
        version: version of the library behind it; empty if it is not installed.
    """

    name: str
    usable: bool
    reason: str
    version: str


def available_engines() -> list[EngineStatus]:
    """The status of every engine, the fastest first."""
    return [engine_status(name) for name in ENGINES]


@cache
def engine_status(name: str) -> EngineStatus:
    """The status of one engine of :data:`ENGINES`."""
    checks: dict[str, Callable[[], EngineStatus]] = {
        "nnabla-cudnn": _cudnn_status,
        "openvino": _openvino_status,
        "nnabla": _nnabla_status,
    }
    return checks[name]()


def choose_engine(wanted: str, possible: dict[str, str]) -> str:
    """Choose the engine to run a model with.

    Args:
        wanted: an engine's name; ``"auto"`` for the fastest that can run the model here, or
            ``"cpu"`` for the fastest of those on the CPU.
        possible: by engine, why the model cannot run with it; empty text if it can.

    Raises:
        EngineError: the name is unknown, or that engine (or any) cannot run the model here.
    """
    groups = {"auto": ENGINES, "cpu": CPU_ENGINES}
    if wanted not in groups and wanted not in ENGINES:
        known = ", ".join((*groups, *ENGINES))
        raise EngineError(f"engine: expected one of {known}, found {wanted!r}")
    reasons = []
    for name in groups.get(wanted, (wanted,)):
        status = engine_status(name)
        reason = status.reason or possible[name]
        if not reason:
            return name
        reasons.append(f"{name}: {reason}")
    raise EngineError("no engine can run this model here: " + "; ".join(reasons))


def _openvino_status() -> EngineStatus:
    if find_spec("openvino") is None:
        return EngineStatus("openvino", False, "not installed: pip install openvino", "")
    return EngineStatus("openvino", True, "", _version("openvino"))


def _nnabla_status() -> EngineStatus:
    if find_spec("nnabla") is None:
        reason = "not installed: pip install 'fomm-core[nnabla]' (Python 3.10)"
        return EngineStatus("nnabla", False, reason, "")
    return EngineStatus("nnabla", True, "", _version("nnabla"))


def _cudnn_status() -> EngineStatus:
    """Looks for the extension and, where it is there, for a device that it can use."""
    if not _has_module("nnabla_ext.cudnn"):
        reason = "not installed: pip install 'fomm-core[cuda]' (Python 3.10, NVIDIA GPU)"
        return EngineStatus("nnabla-cudnn", False, reason, "")
    found = _version("nnabla-ext-cuda120")
    try:
        from nnabla_ext.cuda import init as cuda

        count = cuda.get_device_count()
    except (ImportError, AttributeError, RuntimeError, OSError) as error:
        reason = f"the CUDA extension cannot start: {' '.join(str(error).split())}"
        return EngineStatus("nnabla-cudnn", False, reason, found)
    if not count:
        return EngineStatus("nnabla-cudnn", False, "no CUDA device found", found)
    return EngineStatus("nnabla-cudnn", True, "", found)


def _has_module(name: str) -> bool:
    """Whether a sub-module is installed; asking imports its parents, which may be broken."""
    try:
        return find_spec(name) is not None
    except (ImportError, RuntimeError, OSError):
        return False


def _version(package: str) -> str:
    """An installed package's version; empty if it is not known."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
