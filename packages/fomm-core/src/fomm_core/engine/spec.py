"""The specification that every engine offers, cheap to import, by which it is chosen and started.

A new engine is one file with an :class:`~fomm_core.engine.base.Engine` and its specification,
and one line of :mod:`fomm_core.engine.registry`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, get_args

from fomm_core.errors import EngineError

if TYPE_CHECKING:
    from fomm_core.engine.base import Engine
    from fomm_core.model.files import ModelFiles

Device = Literal["cpu", "gpu"]
"""The kind of device that an engine computes on."""

Precision = Literal["fp32", "fast"]
"""``fp32`` everywhere, or ``fast``: the decoder alone in bfloat16."""

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
"""All precisions, the most exact first."""


@dataclass(frozen=True)
class EngineStatus:
    """The state of an engine on this machine.

    Attributes:
        name: the engine's name.
        usable: whether it can run here.
        reason: why it cannot, and what to install; empty if it can.
        version: version of the library behind it; empty if it is not installed.
    """

    name: str
    usable: bool
    reason: str
    version: str


def _runs_any_model(files: ModelFiles, precision: Precision) -> str:
    return ""


def _has_any_precision(precision: Precision) -> bool:
    return True


@dataclass(frozen=True)
class EngineSpec:
    """An engine as its module offers it.

    Attributes:
        name: the engine's name, as ``--engine`` takes it.
        device: the kind of device that it computes on.
        precisions: the precisions that it knows, the most exact first.
        status: says whether it can run on this machine; loads the library behind it, or tries
            the device, only where nothing else can tell.
        start: loads a model's files at one of ``precisions``, with so many CPU threads (0:
            the engine chooses), and gives the running engine. Raises a
            :class:`~fomm_core.errors.FommError` where that fails.
        obstacle: says in one line why it cannot run a model's files at one of ``precisions``;
            gives an empty text if it can.
        has_precision: whether this machine can compute at one of ``precisions``; asked where
            ``status`` is usable, and may load the library.
        needs_graphs: whether ``start`` reads ``files.bundle``. Where a model has no exported
            graphs, they are made before.
    """

    name: str
    device: Device
    precisions: tuple[Precision, ...]
    status: Callable[[], EngineStatus]
    start: Callable[[ModelFiles, Precision, int], Engine]
    obstacle: Callable[[ModelFiles, Precision], str] = _runs_any_model
    has_precision: Callable[[Precision], bool] = _has_any_precision
    needs_graphs: bool = False

    def precisions_here(self) -> tuple[Precision, ...]:
        """Those of ``precisions`` that this machine has, the most exact first."""
        return tuple(precision for precision in self.precisions if self.has_precision(precision))


def parse_precision(text: str) -> Precision:
    """Read the name of a precision.

    Raises:
        EngineError: it is none of :data:`PRECISIONS`.
    """
    for precision in PRECISIONS:
        if text == precision:
            return precision
    raise EngineError(f"precision: expected {' or '.join(PRECISIONS)}, found {text!r}")


def has_module(name: str) -> bool:
    """Whether a module is installed; asking for a sub-module imports its parents."""
    try:
        return find_spec(name) is not None
    except (ImportError, RuntimeError, OSError):  # a parent may be broken
        return False


def package_version(package: str) -> str:
    """An installed package's version; empty if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
