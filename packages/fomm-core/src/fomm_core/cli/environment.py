"""What of fomm is installed here, and what would run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fomm_core.cli.plugins import installed_packages
from fomm_core.engine import ENGINES, EngineStatus, available_engines, choose_engine
from fomm_core.errors import EngineError
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
    "pillow",
    "scipy",
    "h5py",
)
"""The libraries whose versions matter in a report of a problem."""


@dataclass(frozen=True)
class Choice:
    """What ``--engine auto`` means on this machine.

    Attributes:
        engine: the engine's name; ``None`` where none is usable.
        reason: why this one, or why none.
    """

    engine: str | None
    reason: str


@dataclass(frozen=True)
class Cache:
    """What is kept between runs and can be made again.

    Attributes:
        folder: where; it may not exist yet.
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
        precisions: what ``--precision`` may be with the openvino engine; empty where that
            engine is not usable.
        embedded_models: names of the models that need no download.
        cache: the cache folder.
    """

    packages: dict[str, str]
    libraries: dict[str, str | None]
    machine: Machine
    engines: tuple[EngineStatus, ...]
    auto: Choice
    precisions: tuple[str, ...]
    embedded_models: tuple[str, ...]
    cache: Cache


def inspect_environment() -> Environment:
    """Look at everything; loads OpenVINO and the CUDA extension where they are installed."""
    engines = tuple(available_engines())
    usable = {status.name for status in engines if status.usable}
    return Environment(
        packages=installed_packages(),
        libraries={name: _version(name) for name in LIBRARIES},
        machine=describe_machine(),
        engines=engines,
        auto=_choose(),
        precisions=_precisions() if "openvino" in usable else (),
        embedded_models=tuple(sorted(embedded_models())),
        cache=_measure(cache_folder()),
    )


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _choose() -> Choice:
    try:
        engine = choose_engine("auto", dict.fromkeys(ENGINES, ""))
    except EngineError as error:
        return Choice(None, str(error))
    return Choice(engine, f"the first usable of {', '.join(ENGINES)} that can run the model")


def _precisions() -> tuple[str, ...]:
    from fomm_core.engine.openvino import PRECISIONS, has_bfloat16

    return PRECISIONS if has_bfloat16() else PRECISIONS[:1]


def _measure(folder: Path) -> Cache:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Cache(str(folder), len(sizes), round(sum(sizes) / 1e6, 1))
