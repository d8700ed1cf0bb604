"""The models that visitors choose from: loaded once, in the background, shared by all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace

from fomm_core.engine.registry import engine_specs, require_device
from fomm_core.engine.spec import EngineChoice, Precision
from fomm_core.errors import FommError, ModelError
from fomm_core.loading import Model, start_model, usable_engines
from fomm_core.model.bundle import open_bundle
from fomm_core.model.files import ModelFiles
from fomm_core.model.finding import DEFAULT_MODEL, find_model, folder_of_model
from fomm_core.model.hub import resolve
from fomm_core.model.listing import (
    ModelInfo,
    available_models,
    describe_bundle,
    describe_entry,
)
from fomm_demo.services.sharing import SharedEngine

logger = logging.getLogger(__name__)


class ModelRegistry:
    """The models on offer. Each is loaded when it is first asked for, and then stays.

    What is offered is settled at the start, by whoever starts the server: no visitor can
    make it download or open anything else.

    Args:
        wanted: names or folders of models, the first one chosen; the embedded models and
            those downloaded before follow.
        device: what computes; empty for what the engine takes by itself.

    Attributes:
        names: the models' names in order.

    Raises:
        ModelError: one of ``wanted`` is neither a model's folder nor a known name.
        EngineError: the device is not there.
    """

    def __init__(self, wanted: Sequence[str] = (), device: str = "") -> None:
        if device:
            require_device("auto", device)
        self._device = device
        local = [model.name for model in available_models() if model.is_local]
        self._origins = _origins([*wanted, DEFAULT_MODEL, *local])
        self._infos = {name: _info(name, origin) for name, origin in self._origins.items()}
        self._guard = threading.Lock()
        self._models: dict[tuple[str, Precision], Future[Model]] = {}
        self._ahead = threading.Thread(target=self._try_first, name="load-model", daemon=True)
        self.names = tuple(self._origins)

    def load_ahead(self) -> None:
        """Begin to load the first model in a thread; once."""
        self._ahead.start()

    def finish_loading(self, seconds: float) -> None:
        """Wait for what :meth:`load_ahead` began, at most this long.

        A library that is at work while Python shuts down ends the process with a signal.
        """
        if self._ahead.ident is not None:
            self._ahead.join(seconds)

    def info(self, name: str) -> ModelInfo:
        """Describe a model.

        Raises:
            ModelError: no such model is on offer.
        """
        if name not in self._infos:
            raise ModelError(f"expected a model of {', '.join(self.names)}, found another")
        return self._infos[name]

    def is_ready(self, name: str) -> bool:
        """Whether a model is loaded (in float32)."""
        future = self._models.get((name, "fp32"))
        return future is not None and future.done() and future.exception() is None

    def has_fast(self) -> bool:
        """Whether this machine can run a model's convolutions in bfloat16."""
        device = self._device
        usable = (spec for spec in engine_specs() if spec.status().usable)
        able = (spec for spec in usable if not device or spec.find_device(device))
        try:
            return any("fast" in spec.precisions_here(device) for spec in able)
        except FommError:
            return False

    def get(self, name: str, fast: bool = False) -> Model:
        """Give a model, after loading it where that was not done yet.

        Args:
            name: one of ``names``.
            fast: with convolutions in bfloat16, where that can run here; else the same model
                as without.

        Raises:
            FommError: it is not on offer, or cannot be loaded.
        """
        self.info(name)
        key: tuple[str, Precision] = (name, "fast" if fast else "fp32")
        with self._guard:
            future = self._models.get(key)
            mine = future is None
            if future is None:
                future = self._models[key] = Future()
        if mine:
            self._load(key, future)
        return future.result()

    def close(self) -> None:
        """Free all models."""
        for future in list(self._models.values()):
            if future.done() and future.exception() is None:
                future.result().close()

    def _load(self, key: tuple[str, Precision], future: Future[Model]) -> None:
        try:
            model = self._start(*key)
        except BaseException as error:  # noqa: BLE001 - raised by get(), here and in all waiting threads
            with self._guard:  # the next one tries again
                del self._models[key]
            future.set_exception(error)
        else:
            future.set_result(model)

    def _start(self, name: str, precision: Precision) -> Model:
        """Load a model; where it cannot run ``fast``, give the one in float32."""
        files = find_model(self._origins[name])
        if precision == "fast" and not _runs_fast(files, self._device):
            return self.get(name)
        model = start_model(files, EngineChoice(precision=precision, device=self._device))
        return replace(model, engine=SharedEngine(model.engine))

    def _try_first(self) -> None:
        try:
            self.get(self.names[0])
        except FommError as error:
            logger.error("model %s: %s", self.names[0], error)


def _runs_fast(files: ModelFiles, device: str) -> bool:
    """Whether an engine on this machine runs the model's convolutions in bfloat16."""
    return any(precision == "fast" for _, precision in usable_engines(files, device))


def _origins(wanted: Sequence[str]) -> dict[str, str]:
    """Map the names in the list to models to load; a folder is listed by its own name."""
    origins: dict[str, str] = {}
    for origin in wanted:
        folder = folder_of_model(origin)
        name = origin if folder is None else folder.resolve().name
        if name in origins and origins[name] != origin:
            name = origin
        origins.setdefault(name, origin)
    return origins


def _info(name: str, origin: str) -> ModelInfo:
    folder = folder_of_model(origin)
    if folder is not None:
        return describe_bundle(name, open_bundle(folder))
    entry = resolve(origin)
    if not entry.is_model:
        raise ModelError(f"{origin}: expected a model, found {entry.description}")
    return replace(describe_entry(entry), name=name)
