"""Export a configuration with parameters as a model folder."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fomm_core.config import Config
from fomm_core.engine.spec import has_module
from fomm_core.errors import EngineError, ModelError, OutputError
from fomm_core.export.lowering import lower
from fomm_core.export.prebuilt import is_prebuilt, prebuilt_graphs
from fomm_core.export.verify import HALF_TOLERANCE, TOLERANCE, verify
from fomm_core.graphs.onnx_graph import OnnxGraph
from fomm_core.model.bundle import (
    PARAMETERS_FILE,
    Bundle,
    ModelCard,
    is_bundle,
    open_bundle,
    require_room,
    write_bundle,
)
from fomm_core.model.parameters import (
    Parameters,
    check_parameters,
    load_parameters,
    save_parameters,
)
from fomm_core.utils.cache import cache_folder
from fomm_core.utils.files import sha256_of

EXPORT_VERSION = "2"
"""Part of the cache key: raised whenever exported graphs change."""

logger = logging.getLogger(__name__)


def export_bundle(
    folder: str | Path,
    card: ModelCard,
    parameters: Parameters,
    half: bool = False,
    keep_parameters: bool = True,
    replace: bool = False,
    origin: str | None = None,
) -> Bundle:
    """Export the four graphs, verify them where NNabla is installed, and write a model folder.

    Args:
        folder: where to put it.
        card: name, provenance and configuration.
        parameters: arrays by NNabla's names.
        half: store weights as float16 (half the size, three decimal digits); they are
            computed with in float32. Such graphs are near NNabla's, no longer equal to them.
        keep_parameters: also write ``params.h5``.
        replace: replace an existing bundle.
        origin: where the parameters are from, for error messages.

    Raises:
        EngineError: NNabla is not installed and there are no prebuilt graphs.
        ParameterError: the parameters do not fit the configuration.
        ExportError: a graph cannot be exported, or differs from NNabla's by more than rounding.
        OutputError: the folder cannot be written.
    """
    require_room(Path(folder), replace)
    graphs = export_graphs(card.config, parameters, origin or card.name)

    def fill(partial: Path) -> None:
        paths = _save(graphs, partial, half=False)
        _verify(card, parameters, paths, TOLERANCE)
        if half:
            _save(graphs, partial, half=True)
            _verify(card, parameters, paths, HALF_TOLERANCE)
        if keep_parameters:
            kept = np.float16 if half else np.float32
            save_parameters(partial / PARAMETERS_FILE, parameters, dtype=kept)

    return write_bundle(folder, card, fill, replace)


def _verify(
    card: ModelCard, parameters: Parameters, paths: Mapping[str, Path], tolerance: float
) -> None:
    """Run the graphs against NNabla, where it is installed."""
    if not has_nnabla():
        logger.info("%s: graphs not compared with NNabla, which is not installed", card.name)
        return
    difference = verify(card.config, parameters, paths, tolerance)
    logger.info("%s: graphs within %.1e of NNabla", card.name, difference)


def _save(graphs: Mapping[str, OnnxGraph], folder: Path, half: bool) -> dict[str, Path]:
    """Write the graphs into a folder; returns the files by stage."""
    paths = {stage: folder / f"{stage}.onnx" for stage in graphs}
    for stage, graph in graphs.items():
        graph.save(paths[stage], {"exporter": EXPORT_VERSION}, half)
    return paths


def export_graphs(config: Config, parameters: Parameters, origin: str) -> Mapping[str, OnnxGraph]:
    """Export the four stages as lowered ONNX graphs, by the stage's name.

    The graphs come from NNabla where it is installed, else from those that were prebuilt
    with it.

    Args:
        config: sizes and options of the networks.
        parameters: arrays by NNabla's names.
        origin: where they are from, for error messages.

    Raises:
        EngineError: there is neither NNabla nor a prebuilt graph.
        ParameterError: the parameters do not fit the configuration.
    """
    require_exporter(config)
    graphs = walk_stages(config) if has_nnabla() else prebuilt_graphs(config)
    expected = {name: shape for g in graphs.values() for name, shape in g.parameters.items()}
    check_parameters(parameters, expected, origin)
    return {name: lower(graph.filled(parameters)) for name, graph in graphs.items()}


def walk_stages(config: Config) -> dict[str, OnnxGraph]:
    """The four stages as ONNX graphs in NNabla's own terms, without parameters."""
    from fomm_core.export.walk import walk
    from fomm_core.network.graph import Networks
    from fomm_core.network.nnabla_operations import NNablaOperations
    from fomm_core.network.stages import build_stages

    networks = Networks(config, NNablaOperations())
    stages = build_stages(networks)
    named = networks.parameters()
    return {name: walk(stage, named) for name, stage in stages.items()}


def random_parameters(config: Config) -> Parameters:
    """Parameters for measuring speed: small random weights, neutral batch normalisation."""
    graphs = walk_stages(config) if has_nnabla() else prebuilt_graphs(config)
    random = np.random.default_rng(0)
    neutral = {"beta": 0.0, "gamma": 1.0, "mean": 0.0, "var": 1.0}
    parameters: Parameters = {}
    for graph in graphs.values():
        for name, shape in graph.parameters.items():
            kind = name.rsplit("/", 1)[-1]
            if kind in neutral:
                parameters[name] = np.full(shape, neutral[kind], np.float32)
            else:
                limit = float(np.prod(shape[1:])) ** -0.5
                parameters[name] = random.uniform(-limit, limit, shape).astype(np.float32)
    return parameters


def has_nnabla() -> bool:
    """Whether NNabla is installed."""
    return has_module("nnabla")


def require_exporter(config: Config) -> None:
    """Check that a configuration can be exported here.

    Raises:
        EngineError: it cannot; the message says what to do.
    """
    if not has_nnabla() and not is_prebuilt(config):
        raise EngineError(
            "exporting this configuration needs NNabla, found none; install it on Python 3.10 "
            "with pip install 'fomm-core[nnabla]', or run fomm export there and use the folder "
            "here"
        )


def cached_export(name: str, config: Config, parameters: Path) -> Bundle:
    """The bundle of a configuration and its parameter file, exported on first use.

    Kept in the user's cache folder under a key of the content of both.

    Raises:
        FommError: as of :func:`export_bundle`, or the parameter file cannot be read.
    """
    folder = cache_folder() / "bundles" / f"{name}-{_content_key(config, parameters)}"
    if folder.exists():
        try:
            return open_bundle(folder)
        except ModelError as error:
            logger.warning("%s; exporting it again", error)
    if not is_bundle(folder):  # what tidying programs left of it
        shutil.rmtree(folder, ignore_errors=True)
    require_exporter(config)
    logger.info("%s: exporting its graphs, once", name)
    card = ModelCard(name=name, config=config, provenance=f"exported from {parameters.name}")
    arrays = load_parameters(parameters)
    try:
        return export_bundle(
            folder, card, arrays, keep_parameters=False, replace=True, origin=str(parameters)
        )
    except OutputError:
        if is_bundle(folder):  # another process was faster
            return open_bundle(folder)
        raise


def _content_key(config: Config, parameters: Path) -> str:
    """A short name for what is exported: networks, frame shape, parameters, exporter."""
    networks = config.model_params.model_dump_json()
    text = (
        f"{EXPORT_VERSION} {config.dataset_params.frame_shape} {networks} {sha256_of(parameters)}"
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]
