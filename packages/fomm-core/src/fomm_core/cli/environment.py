"""The environment that fomm finds here: packages, libraries, machine, engines, cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fomm_core.cli.plugins import installed_packages
from fomm_core.devices import DeviceTrial, Library, try_devices
from fomm_core.engine.registry import available_engines, choose_engine, engine_specs
from fomm_core.engine.spec import EngineStatus, Precision, has_module, package_version
from fomm_core.errors import EngineError
from fomm_core.live.devices import VideoDevice, list_cameras, list_loopbacks
from fomm_core.model.bundle import embedded_models
from fomm_core.utils.cache import cache_folder
from fomm_core.utils.machine import Machine, describe_machine

LIBRARIES = (
    "numpy",
    "openvino",
    "nnabla",
    "nnabla-ext-cuda120",
    "onnx",
    "protobuf",
    "torch",
    "av",
    "imageio-ffmpeg",
    "pillow",
    "h5py",
)
"""The libraries whose versions matter in a report of a problem."""

_ACCELERATED: dict[Library, str] = {"nnabla": "nnabla_ext.cudnn", "torch": "torch"}
"""The libraries that compute on accelerators, and the module of each that must be installed."""


@dataclass(frozen=True)
class Choice:
    """The engine of ``--engine auto`` on this machine.

    Attributes:
        engine: the engine's name; ``None`` where none is usable.
        reason: why this one, or why none.
    """

    engine: str | None
    reason: str


@dataclass(frozen=True)
class Cache:
    """The files that are kept between runs and can be made again.

    Attributes:
        folder: where they lie; it may not exist yet.
        files: number of files.
        size_mb: their size in MB (10^6 bytes).
    """

    folder: str
    files: int
    size_mb: float


@dataclass(frozen=True)
class Environment:
    """Everything that ``fomm doctor`` reports.

    Attributes:
        packages: versions of the fomm packages.
        libraries: versions of :data:`LIBRARIES`; ``None`` for those that are not installed.
        machine: the machine.
        engines: whether each engine is usable and, if not, why.
        auto: the engine that would run.
        devices: the trials of all accelerators that the installed libraries see.
        precisions: the precisions that this machine has, of those usable engines that offer
            more than one.
        embedded_models: names of the models that need no download.
        cache: the cache folder.
        cameras: that ``fomm live`` can read.
        loopbacks: devices that it can write as a virtual camera.
    """

    packages: dict[str, str]
    libraries: dict[str, str | None]
    machine: Machine
    engines: tuple[EngineStatus, ...]
    auto: Choice
    devices: tuple[DeviceTrial, ...]
    precisions: tuple[Precision, ...]
    embedded_models: tuple[str, ...]
    cache: Cache
    cameras: tuple[VideoDevice, ...]
    loopbacks: tuple[VideoDevice, ...]


def inspect_environment() -> Environment:
    """Look at everything; loads OpenVINO, and tries accelerators, where there are some."""
    engines = tuple(available_engines())
    usable = {status.name for status in engines if status.usable}
    return Environment(
        packages=installed_packages(),
        libraries={name: package_version(name) or None for name in LIBRARIES},
        machine=describe_machine(),
        engines=engines,
        auto=_choose(),
        devices=_try_all_devices(),
        precisions=_precisions(usable),
        embedded_models=tuple(sorted(embedded_models())),
        cache=_measure(cache_folder()),
        cameras=list_cameras(),
        loopbacks=list_loopbacks(),
    )


def _choose() -> Choice:
    try:
        engine = choose_engine("auto", obstacle=lambda _: "").name
    except EngineError as error:
        return Choice(None, str(error))
    names = ", ".join(spec.name for spec in engine_specs())
    return Choice(engine, f"the first usable of {names} that can run the model")


def _try_all_devices() -> tuple[DeviceTrial, ...]:
    libraries = [library for library, module in _ACCELERATED.items() if has_module(module)]
    return tuple(trial for library in libraries for trial in try_devices(library))


def _precisions(usable: set[str]) -> tuple[Precision, ...]:
    """Collect the precisions of the usable engines that offer more than one."""
    offering = (s for s in engine_specs() if s.name in usable and len(s.precisions) > 1)
    return tuple(dict.fromkeys(p for spec in offering for p in spec.precisions_here()))


def _measure(folder: Path) -> Cache:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Cache(str(folder), len(sizes), round(sum(sizes) / 1e6, 1))
