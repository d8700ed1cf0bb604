"""Loading a model: from the package, the hub, a folder, or a configuration with parameters."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from fomm_core.config import Config, load_config
from fomm_core.engine.base import Engine
from fomm_core.engine.registry import choose_engine, engine_specs
from fomm_core.engine.spec import EngineSpec, Precision, parse_precision
from fomm_core.errors import ConfigError, EngineError, ModelError
from fomm_core.model.bundle import Bundle, embedded_models, is_bundle, is_plain_name, open_bundle
from fomm_core.model.files import ModelFiles
from fomm_core.model.framing import Framing
from fomm_core.utils.paths import describe_other

DEFAULT_MODEL = "face"

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
) -> Model:
    """Load a model.

    Args:
        model: a name of the hub or of an embedded model (default :data:`DEFAULT_MODEL`), or a model
            folder.
        config: a configuration file instead, such as ``training_info.yaml``.
        params: the parameter file (.h5) to go with ``config``; by default the one that the
            configuration names as ``saved_parameters``.
        engine: an engine's name as in :mod:`fomm_core.engine.registry`, ``"auto"`` for the
            fastest that is there, or ``"cpu"`` for the fastest on the CPU.
        precision: ``"fp32"``, or ``"fast"`` for a bfloat16 decoder, with an engine that has it.
        threads: CPU threads of an engine that can use several; 0 lets it choose.

    Raises:
        FommError: one of its kinds, for whatever is missing, damaged or does not fit.
    """
    files = find_model(model, config, params)
    return start_model(files, engine, precision, threads)


def find_model(
    model: str | Path | None = None,
    config: str | Path | None = None,
    params: str | Path | None = None,
) -> ModelFiles:
    """Find the files of a model, downloading them where the hub says so.

    Arguments and errors as in :func:`load_model`.
    """
    if config is None:
        if params is not None:
            raise ConfigError("params: expected a configuration to go with it, found none")
        return _find_named(DEFAULT_MODEL if model is None else model)
    if model is not None:
        raise ConfigError("model: expected either a model or a configuration, found both")
    return _find_pair(Path(config), None if params is None else Path(params))


def start_model(
    files: ModelFiles, engine: str = "auto", precision: str = "fp32", threads: int = 0
) -> Model:
    """Load the found files into an engine; arguments and errors as in :func:`load_model`."""
    wanted = parse_precision(precision)
    if threads < 0:
        raise EngineError(f"threads: expected 0 (the engine chooses) or more, found {threads}")
    spec = choose_engine(engine, lambda spec: _obstacle(spec, files, wanted))
    logger.info("model %s on engine %s, precision %s", files.name, spec.name, wanted)
    if spec.needs_graphs:
        files = _with_graphs(files)
    started = spec.start(files, wanted, threads)
    return Model(files.name, files.config, started, files.framing)


def usable_engines(files: ModelFiles) -> list[tuple[str, Precision]]:
    """The engines, with their precisions, that can run these files here; the fastest first."""
    return [
        (spec.name, precision)
        for spec in engine_specs()
        if spec.status().usable
        for precision in reversed(spec.precisions_here())
        if not _obstacle(spec, files, precision)
    ]


def _obstacle(spec: EngineSpec, files: ModelFiles, precision: Precision) -> str:
    """Say why an engine cannot run these files at this precision; empty if it can."""
    if precision not in spec.precisions:
        able = [other.name for other in engine_specs() if precision in other.precisions]
        return f"precision {precision} needs {' or '.join(able)}"
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


def folder_of_model(model: str | Path) -> Path | None:
    """The folder that a name or a path stands for; ``None`` if it is left to the hub.

    The names of embedded models come first. A folder with a name of the hub, such as a data
    set ``vox``, counts only if it is a bundle; any other folder counts, so that
    :func:`~fomm_core.model.bundle.open_bundle` can say what it lacks.
    """
    from fomm_core.model.hub import HUB

    name, folder = str(model), Path(model)
    embedded = embedded_models()
    if name in embedded:
        return embedded[name]
    return folder if is_bundle(folder) or (folder.is_dir() and name not in HUB) else None


def _find_named(model: str | Path) -> ModelFiles:
    """An embedded model, a model folder, or an entry of the hub."""
    folder = folder_of_model(model)
    if folder is not None:
        return _from_bundle(open_bundle(folder))
    from fomm_core.model.hub import fetch_model, resolve

    name = str(model)
    config, parameters = fetch_model(name)
    settings = load_config(config, unknown="ignore")
    return ModelFiles(name, settings, parameters, framing=resolve(name).framing)


def _from_bundle(bundle: Bundle) -> ModelFiles:
    card = bundle.card
    return ModelFiles(card.name, card.config, bundle.parameters, bundle, card.framing)


def _find_pair(config_path: Path, params: Path | None) -> ModelFiles:
    """A configuration with parameters, named after its log directory or its file.

    As with the hub, what is published by others may hold keys that are not known here.
    """
    config = load_config(config_path, unknown="ignore")
    if params is None:
        params = _saved_parameters(config_path, config)
    if is_bundle(params):
        raise ConfigError(f"{params}: expected a parameter file (.h5), found a model folder")
    if not params.is_file():
        found = describe_other(params) or "none"
        raise ModelError(f"{params}: expected a parameter file (.h5), found {found}")
    return ModelFiles(_name_of_pair(config_path, config), config, params)


def _name_of_pair(config_path: Path, config: Config) -> str:
    """The log directory's last part, which tells trainings apart, else the file's stem."""
    name = Path(config.log_dir or "").name
    return name if is_plain_name(name) else config_path.stem


def _saved_parameters(config_path: Path, config: Config) -> Path:
    """The file that the configuration names, as it stands or beside the configuration."""
    if config.saved_parameters is None:
        raise ConfigError(
            f"{config_path}: saved_parameters: expected a parameter file, found none; "
            "name one with --params"
        )
    named = Path(config.saved_parameters)
    beside = config_path.parent / named.name
    return named if named.is_file() or not beside.is_file() else beside
