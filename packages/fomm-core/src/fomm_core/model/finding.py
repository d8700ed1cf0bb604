"""Finding a model's files: in the package, on the hub, in a folder, or beside a configuration."""

from __future__ import annotations

from pathlib import Path

from fomm_core.config import Config, load_config
from fomm_core.errors import ConfigError, ModelError
from fomm_core.model.bundle import Bundle, embedded_models, is_bundle, is_plain_name, open_bundle
from fomm_core.model.files import ModelFiles
from fomm_core.utils.paths import describe_other

DEFAULT_MODEL = "face"
"""The model that is taken where none is named."""


def find_model(
    model: str | Path | None = None,
    config: str | Path | None = None,
    params: str | Path | None = None,
) -> ModelFiles:
    """Find the files of a model, downloading them where the hub says so.

    Arguments and errors as in :func:`~fomm_core.loading.load_model`.
    """
    if config is None:
        if params is not None:
            raise ConfigError("params: expected a configuration to go with it, found none")
        return _find_named(DEFAULT_MODEL if model is None else model)
    if model is not None:
        raise ConfigError("model: expected either a model or a configuration, found both")
    return _find_pair(Path(config), None if params is None else Path(params))


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
