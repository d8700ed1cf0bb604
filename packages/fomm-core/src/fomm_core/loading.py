"""Loading a model: from the package, the zoo, a folder, or a configuration with parameters."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from fomm_core.config import Config, load_config
from fomm_core.engine import ENGINES, choose_engine, engine_status
from fomm_core.engine.base import Engine
from fomm_core.errors import ConfigError, EngineError, ModelError
from fomm_core.model.bundle import Bundle, embedded_models, is_bundle, is_plain_name, open_bundle

DEFAULT_MODEL = "avatar"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelFiles:
    """Where a model lies, before any engine has loaded it.

    Attributes:
        name: names the folder of its results.
        config: the configuration.
        parameters: NNabla's parameter file, where there is one.
        bundle: the exported graphs, where there are some.
    """

    name: str
    config: Config
    parameters: Path | None = None
    bundle: Bundle | None = None


@dataclass(frozen=True, eq=False)
class Model:
    """A model that is loaded and ready to run.

    Attributes:
        name: names the folder of its results.
        config: the configuration.
        engine: what runs it.
    """

    name: str
    config: Config
    engine: Engine

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
        model: a name of the zoo or of an embedded model (default ``"avatar"``), or a model
            folder.
        config: a configuration file instead, such as ``training_info.yaml``.
        params: the parameter file (.h5) to go with ``config``; by default the one that the
            configuration names as ``saved_parameters``.
        engine: ``"openvino"``, ``"nnabla"``, ``"nnabla-cudnn"``, or ``"auto"`` for the fastest that
            is there (``"cpu"``: the fastest on the CPU).
        precision: ``"fp32"``, or ``"fast"`` for a bfloat16 decoder (openvino only).
        threads: CPU threads of the openvino engine; 0 lets it choose.

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
    """Find the files of a model, downloading them where the zoo says so.

    Args: as in :func:`load_model`.
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
    """Load the found files into an engine; arguments as in :func:`load_model`."""
    from fomm_core.engine.openvino import PRECISIONS

    if precision not in PRECISIONS:
        known = " or ".join(PRECISIONS)
        raise EngineError(f"precision: expected {known}, found {precision!r}")
    name = choose_engine(engine, _obstacles(files, precision))
    logger.info("model %s on engine %s, precision %s", files.name, name, precision)
    if name == "openvino":
        return Model(files.name, files.config, _start_openvino(files, precision, threads))
    return Model(files.name, files.config, _start_nnabla(files, name))


def usable_engines(files: ModelFiles) -> list[tuple[str, str]]:
    """The engines, with their precisions, that can run these files here; the fastest first."""
    from fomm_core.engine.openvino import PRECISIONS, has_bfloat16

    found = []
    for engine in ENGINES:
        if not engine_status(engine).usable:
            continue
        for precision in reversed(PRECISIONS):
            fits = not _obstacles(files, precision)[engine]
            if fits and (precision == "fp32" or has_bfloat16()):
                found.append((engine, precision))
    return found


def _obstacles(files: ModelFiles, precision: str) -> dict[str, str]:
    """By engine, why it cannot run these files at this precision; empty if it can."""
    without_parameters = "" if files.parameters else "the model has no params.h5"
    nnabla = "precision fast needs openvino" if precision == "fast" else without_parameters
    return {"openvino": _export_obstacle(files), "nnabla": nnabla, "nnabla-cudnn": nnabla}


def _export_obstacle(files: ModelFiles) -> str:
    """Why the model has no exported graphs and none can be made here; empty if it has."""
    if files.bundle is not None:
        return ""
    from fomm_core.export.exporter import require_exporter

    try:
        require_exporter(files.config)
    except EngineError as error:
        return str(error)
    return ""


def _start_openvino(files: ModelFiles, precision: str, threads: int) -> Engine:
    from fomm_core.engine.openvino import OpenVINOEngine

    bundle = files.bundle
    if bundle is None:
        from fomm_core.export.exporter import cached_export

        if files.parameters is None:
            raise ModelError(f"{files.name}: expected graphs or parameters, found neither")
        bundle = cached_export(files.name, files.config, files.parameters)
    return OpenVINOEngine(bundle.graphs, precision, threads)


def _start_nnabla(files: ModelFiles, engine: str) -> Engine:
    from fomm_core.engine.nnabla import NNablaEngine
    from fomm_core.model.parameters import load_parameters

    if files.parameters is None:
        raise ModelError(f"{files.name}: engine {engine} needs params.h5, the model has none")
    context = "cudnn" if engine == "nnabla-cudnn" else "cpu"
    parameters = load_parameters(files.parameters)
    return NNablaEngine(files.config, parameters, str(files.parameters), context)


def folder_of_model(model: str | Path) -> Path | None:
    """The folder that a name or a path stands for; ``None`` if it is left to the zoo.

    The names of embedded models come first. A folder with a name of the zoo, such as a data
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
    """An embedded model, a model folder, or an entry of the zoo."""
    folder = folder_of_model(model)
    if folder is not None:
        return _from_bundle(open_bundle(folder))
    from fomm_core.model.hub import fetch_model

    name = str(model)
    config, parameters = fetch_model(name)
    return ModelFiles(name, load_config(config, unknown="ignore"), parameters)


def _from_bundle(bundle: Bundle) -> ModelFiles:
    return ModelFiles(bundle.card.name, bundle.card.config, bundle.parameters, bundle)


def _find_pair(config_path: Path, params: Path | None) -> ModelFiles:
    """A configuration with parameters, named after its log directory or its file.

    As with the zoo, what is published by others may hold keys that are not known here.
    """
    config = load_config(config_path, unknown="ignore")
    if params is None:
        params = _saved_parameters(config_path, config)
    if is_bundle(params):
        raise ConfigError(f"{params}: expected a parameter file (.h5), found a model folder")
    if not params.is_file():
        raise ModelError(f"{params}: expected a parameter file (.h5), found none")
    return ModelFiles(_name_of_pair(config_path, config), config, params)


def _name_of_pair(config_path: Path, config: Config) -> str:
    """The log directory's last part, which tells trainings apart, else the file's stem."""
    name = Path(config.log_dir or "").name
    return name if is_plain_name(name) else config_path.stem


def _saved_parameters(config_path: Path, config: Config) -> Path:
    """What the configuration names, as it stands or beside the configuration."""
    if config.saved_parameters is None:
        raise ConfigError(
            f"{config_path}: saved_parameters: expected a parameter file, found none; "
            "name one with --params"
        )
    named = Path(config.saved_parameters)
    beside = config_path.parent / named.name
    return named if named.is_file() or not beside.is_file() else beside
