"""Loading a model into an engine."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from fomm_core.config import Config
from fomm_core.engine.base import Engine
from fomm_core.engine.registry import choose_engine, engine_specs, require_device
from fomm_core.engine.spec import (
    AUTO,
    DEFAULT_DEVICE,
    EngineChoice,
    EngineSpec,
    Precision,
    parse_precision,
)
from fomm_core.errors import EngineError, ModelError
from fomm_core.model.files import ModelFiles
from fomm_core.model.finding import find_model
from fomm_core.model.framing import Framing
from fomm_core.utils.machine import has_byte_products

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Model:
    """A model that is loaded and ready to run.

    Attributes:
        name: names the folder of its results.
        config: the configuration.
        engine: what runs it.
        framing: how pictures are cropped to the face for it; ``None`` leaves them as they are.
    """

    name: str
    config: Config
    engine: Engine
    framing: Framing | None = None

    @property
    def frame_size(self) -> tuple[int, int]:
        """(height, width) of the frames in pixels."""
        return self.config.frame_size

    def describe(self) -> str:
        """Say in a line what runs, such as ``face on openvino (fp32)``."""
        engine = self.engine
        device = "" if engine.device == DEFAULT_DEVICE else f", {engine.device}"
        return f"{self.name} on {engine.name} ({engine.precision}{device})"

    def close(self) -> None:
        """Free the engine."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def load_model(
    model: str | Path | None = None,
    *,
    config: str | Path | None = None,
    params: str | Path | None = None,
    engine: str = "auto",
    precision: str = "fp32",
    threads: int = 0,
    device: str = "",
) -> Model:
    """Load a model.

    Args:
        model: a name of the hub or of an embedded model (default
            :data:`~fomm_core.model.finding.DEFAULT_MODEL`), or a model folder.
        config: a configuration file instead, such as ``training_info.yaml``.
        params: the parameter file (.h5) to go with ``config``; by default the one that the
            configuration names as ``saved_parameters``.
        engine: an engine's name as in :mod:`fomm_core.engine.registry`, ``"auto"`` for the
            fastest that is there, or ``"cpu"`` for the fastest on the CPU.
        precision: ``"fp32"``, ``"fast"`` for convolutions in half precision, with an engine that
            has it, ``"int8"`` for a decoder that ``fomm quantize`` made, or ``"auto"`` for the
            fastest of these that model, engine and machine have.
        threads: CPU threads of an engine that can use several; 0 lets it choose.
        device: what computes, such as ``"gpu"`` or ``"npu"``; empty for what the engine takes by
            itself. What it cannot run stays on the CPU, and a warning says so.

    Raises:
        FommError: one of its kinds, for whatever is missing, damaged or does not fit.
    """
    files = find_model(model, config, params)
    fastest = precision == AUTO
    named = "fp32" if fastest else parse_precision(precision)
    return start_model(files, EngineChoice(engine, named, threads, device, fastest))


def start_model(files: ModelFiles, choice: EngineChoice | None = None) -> Model:
    """Load the found files into an engine, by default into the fastest; errors as there."""
    choice = choice or EngineChoice()
    if choice.engine == "cpu" and not choice.device:
        choice = replace(choice, device=DEFAULT_DEVICE)
    if choice.engine == "auto" and choice.device.lower() == DEFAULT_DEVICE:
        choice = replace(choice, engine="cpu")  # the fastest there, whatever else it could take
    if choice.device:
        require_device(choice.engine, choice.device)
    spec = choose_engine(choice.engine, lambda spec: _obstacle(spec, files, choice))
    if spec.needs_graphs:
        files = _with_graphs(files)
    device = spec.find_device(choice.device) if choice.device else ""
    precision = choice.precision
    if choice.fastest:
        precision = _fastest_precision(spec, files, device)
    logger.info("model %s on engine %s, precision %s", files.name, spec.name, precision)
    started = spec.start(files, replace(choice, device=device, precision=precision))
    if started.left_on_cpu:
        left = ", ".join(started.left_on_cpu)
        logger.warning("device %s: left on the CPU: %s", started.device, left)
    return Model(files.name, files.config, started, files.framing)


def _fastest_precision(spec: EngineSpec, files: ModelFiles, device: str) -> Precision:
    """``fast`` where it is there, then ``int8`` where that is faster, then ``fp32``."""
    for precision in reversed(spec.precisions_here(device)):
        slow = precision == "int8" and not has_byte_products()
        if not slow and not spec.obstacle(files, precision):
            return precision
    return "fp32"


def usable_engines(files: ModelFiles, device: str = "") -> list[tuple[str, Precision]]:
    """The engines, with their precisions, that can run these files here; the fastest first.

    Args:
        files: of a model.
        device: the device to run on, if it has to be a certain one.
    """
    return [
        (spec.name, precision)
        for spec in engine_specs()
        if spec.status().usable and (not device or spec.find_device(device))
        for precision in reversed(spec.precisions_here(device))
        if not _obstacle(spec, files, EngineChoice(spec.name, precision))
    ]


def _obstacle(spec: EngineSpec, files: ModelFiles, choice: EngineChoice) -> str:
    """Say why an engine cannot run these files as chosen; empty if it can."""
    precision = choice.precision
    if precision not in spec.precisions:
        able = [other.name for other in engine_specs() if precision in other.precisions]
        return f"precision {precision} needs {' or '.join(able)}"
    if choice.device and not spec.find_device(choice.device):
        return f"it finds no device {choice.device}"
    reason = spec.obstacle(files, precision)
    return reason or (_export_obstacle(files) if spec.needs_graphs else "")


def _export_obstacle(files: ModelFiles) -> str:
    """Say why the model has no exported graphs and none can be made here; empty if it has."""
    if files.bundle is not None:
        return ""
    from fomm_core.export.exporter import require_exporter

    try:
        require_exporter(files.config)
    except EngineError as error:
        return str(error)
    return ""


def _with_graphs(files: ModelFiles) -> ModelFiles:
    """The files with exported graphs, which are made on first use.

    Raises:
        ModelError: there is nothing to make them from.
    """
    if files.bundle is not None:
        return files
    if files.parameters is None:
        raise ModelError(f"{files.name}: expected graphs or parameters, found neither")
    from fomm_core.export.exporter import cached_export

    return replace(files, bundle=cached_export(files.name, files.config, files.parameters))


def graphs_of(files: ModelFiles) -> dict[str, Path]:
    """The exported graph of each stage, made on first use; errors as of :func:`load_model`."""
    bundle = _with_graphs(files).bundle
    return {} if bundle is None else bundle.graphs
