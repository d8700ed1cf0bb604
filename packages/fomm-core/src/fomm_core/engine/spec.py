"""The specification that every engine offers, cheap to import, by which it is chosen and started.

A new engine is one file with an :class:`~fomm_core.engine.base.Engine` and its specification,
and one line of :mod:`fomm_core.engine.registry`.
"""

from __future__ import annotations

import re
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

Precision = Literal["fp32", "int8", "fast"]
"""``fp32`` everywhere; ``int8``: convolutions of the decoder in 8 bits, for models that
``fomm quantize`` gave such a decoder; ``fast``: convolutions in half precision, coordinates in
float32."""

_NUMBER = re.compile(r"[:.]\d+$")
"""The end of a device's name, where there may be several: ``cuda:0``, ``gpu.1``."""

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
"""All precisions, the slowest first."""

AUTO = "auto"
"""The name that stands for the fastest precision, where one is asked for by name."""

DEFAULT_DEVICE = "cpu"
"""The device of engines that are told of none, and of those that know no other."""


@dataclass(frozen=True)
class EngineChoice:
    """Choice of what runs the networks, and how: one record from the options to the engine.

    Attributes:
        engine: an engine's name, ``"auto"`` for the fastest that can run the model here, or
            ``"cpu"`` for the fastest on the CPU.
        precision: one of :data:`PRECISIONS`.
        threads: CPU threads of an engine that can use several; 0 lets it choose.
        device: what computes, such as ``"gpu"``, ``"npu"`` or ``"cuda:1"``
            (:meth:`EngineSpec.find_device`); empty for what the engine takes by itself.
        fastest: take the fastest precision that the engine has here for the model, instead of
            ``precision``.

    Raises:
        EngineError: the precision is unknown, or the number of threads negative.
    """

    engine: str = "auto"
    precision: Precision = "fp32"
    threads: int = 0
    device: str = ""
    fastest: bool = False

    def __post_init__(self) -> None:
        parse_precision(self.precision)
        if self.threads < 0:
            expected = "expected 0 (the engine chooses) or more"
            raise EngineError(f"threads: {expected}, found {self.threads}")


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


def _has_any_precision(precision: Precision, device: str) -> bool:
    return True


def _computes_on_cpu() -> tuple[str, ...]:
    return (DEFAULT_DEVICE,)


def _takes_none() -> str:
    return ""


@dataclass(frozen=True)
class EngineSpec:
    """An engine as its module offers it.

    Attributes:
        name: the engine's name, as ``--engine`` takes it.
        device: the kind of device that it computes on, unless told otherwise.
        precisions: the precisions that it knows, the most exact first.
        status: says whether it can run on this machine; loads the library behind it, or tries
            the device, only where nothing else can tell.
        start: loads a model's files as chosen (at one of ``precisions``, on one of ``devices``
            or on what it takes by itself) and gives the running engine. Raises a
            :class:`~fomm_core.errors.FommError` where that fails.
        obstacle: says in one line why it cannot run a model's files at one of ``precisions``;
            gives an empty text if it can.
        has_precision: whether this machine can compute at one of ``precisions``, on one of
            ``devices`` or (empty) on what the engine takes by itself; asked where ``status`` is
            usable, and may load the library.
        devices: the devices that it finds here, in small letters, its own numbers included;
            asked where ``status`` is usable, and may load the library.
        accelerator: the one of ``devices`` other than the CPU that passes its trial, and that
            the engine takes by itself; empty where there is none.
        needs_graphs: whether ``start`` reads ``files.bundle``. Where a model has no exported
            graphs, they are made before.
    """

    name: str
    device: Device
    precisions: tuple[Precision, ...]
    status: Callable[[], EngineStatus]
    start: Callable[[ModelFiles, EngineChoice], Engine]
    obstacle: Callable[[ModelFiles, Precision], str] = _runs_any_model
    has_precision: Callable[[Precision, str], bool] = _has_any_precision
    devices: Callable[[], tuple[str, ...]] = _computes_on_cpu
    accelerator: Callable[[], str] = _takes_none
    needs_graphs: bool = False

    def precisions_here(self, device: str = "") -> tuple[Precision, ...]:
        """Those of ``precisions`` that this machine has on a device, the most exact first."""
        return tuple(p for p in self.precisions if self.has_precision(p, device))

    def find_device(self, wanted: str) -> str:
        """Find the one of ``devices`` that a name means; empty where there is none.

        Args:
            wanted: a device's name, in letters of either size; without a number it means the
                first of that name: ``gpu`` is ``gpu.0`` where there are several.
        """
        name, found = wanted.lower(), self.devices()
        if name in found:
            return name
        return next((device for device in found if _NUMBER.sub("", device) == name), "")


def parse_precision(text: str) -> Precision:
    """Read the name of a precision.

    Raises:
        EngineError: it is none of :data:`PRECISIONS`.
    """
    for precision in PRECISIONS:
        if text == precision:
            return precision
    *others, last = PRECISIONS
    raise EngineError(f"precision: expected {', '.join(others)} or {last}, found {text!r}")


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
