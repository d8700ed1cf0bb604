"""The environment that fomm finds here: packages, libraries, machine, engines, cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fomm_core.cli.plugins import installed_packages
from fomm_core.devices import DeviceTrial, Library, try_devices
from fomm_core.devices.onnxruntime_providers import provider_of
from fomm_core.engine.registry import (
    available_engines,
    choose_engine,
    engine_specs,
    find_engine,
)
from fomm_core.engine.spec import (
    DEFAULT_DEVICE,
    EngineChoice,
    EngineStatus,
    Precision,
    has_module,
    package_version,
)
from fomm_core.errors import EngineError, FommError
from fomm_core.live.devices import VideoDevice, list_cameras, list_loopbacks
from fomm_core.loading import start_model
from fomm_core.model.bundle import embedded_models
from fomm_core.model.files import ModelFiles
from fomm_core.model.finding import find_model
from fomm_core.utils.cache import cache_folder
from fomm_core.utils.files import file_sizes
from fomm_core.utils.machine import Machine, describe_machine

LIBRARIES = (
    "numpy",
    "openvino",
    "onnxruntime",
    "onnxruntime-gpu",
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
"""The libraries that are there for accelerators, and the module of each that must be installed."""

_SMALLEST = "avatar"

_SEVERAL: tuple[Library, ...] = ("openvino", "onnxruntime")
"""The engines that compute on the CPU, and on accelerators where they find some."""


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
class Placement:
    """The smallest model's stages on a device.

    Attributes:
        engine: the engine that takes the device.
        device: the device's name.
        left_on_cpu: stages or operations that it cannot run, or what it said instead.
    """

    engine: str
    device: str
    left_on_cpu: tuple[str, ...]


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
        placements: of each that an engine can take, what is left on the CPU.
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
    placements: tuple[Placement, ...]
    precisions: tuple[Precision, ...]
    embedded_models: tuple[str, ...]
    cache: Cache
    cameras: tuple[VideoDevice, ...]
    loopbacks: tuple[VideoDevice, ...]


def inspect_environment() -> Environment:
    """Look at everything; loads OpenVINO, and tries accelerators, where there are some."""
    engines = tuple(available_engines())
    usable = {status.name for status in engines if status.usable}
    trials = _try_all_devices(usable)
    return Environment(
        packages=installed_packages(),
        libraries={name: package_version(name) or None for name in LIBRARIES},
        machine=describe_machine(),
        engines=engines,
        auto=_choose(),
        devices=trials,
        placements=tuple(_placements(trials)),
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
    accelerator = find_engine(engine).accelerator()
    if accelerator:
        reason = f"{accelerator} computes as the CPU does, and faster"
        return Choice(engine, f"{reason}; --context cpu keeps it off")
    names = ", ".join(spec.name for spec in engine_specs())
    return Choice(engine, f"the first usable of {names} that can run the model")


def _try_all_devices(usable: set[str]) -> tuple[DeviceTrial, ...]:
    libraries = [library for library, module in _ACCELERATED.items() if has_module(module)]
    libraries += [name for name in _SEVERAL if name in usable and _finds_more_than_cpu(name)]
    return tuple(trial for library in libraries for trial in try_devices(library))


def _finds_more_than_cpu(engine: str) -> bool:
    return set(find_engine(engine).devices()) != {DEFAULT_DEVICE}


def _placements(trials: Sequence[DeviceTrial]) -> Iterator[Placement]:
    """Start the smallest model on each device that passed its trial and that an engine may take."""
    files = find_model(_SMALLEST)
    for trial in trials:
        if trial.usable and trial.library in _SEVERAL and provider_of(trial.device).automatic:
            yield Placement(trial.library, trial.device, _left_on_cpu(files, trial))


def _left_on_cpu(files: ModelFiles, trial: DeviceTrial) -> tuple[str, ...]:
    try:
        with start_model(files, EngineChoice(trial.library, device=trial.device)) as model:
            return model.engine.left_on_cpu
    except FommError as error:
        return (str(error),)


def _precisions(usable: set[str]) -> tuple[Precision, ...]:
    """Collect the precisions of the usable engines that offer more than one."""
    offering = (s for s in engine_specs() if s.name in usable and len(s.precisions) > 1)
    return tuple(dict.fromkeys(p for spec in offering for p in spec.precisions_here()))


def _measure(folder: Path) -> Cache:
    sizes = list(file_sizes(folder))
    return Cache(str(folder), len(sizes), round(sum(sizes) / 1e6, 1))
