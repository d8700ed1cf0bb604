"""Export a configuration with parameters as a model folder."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fomm_core.bundle import (
    PARAMETERS_FILE,
    Bundle,
    ModelCard,
    is_bundle,
    open_bundle,
    write_bundle,
)
from fomm_core.cache import cache_folder
from fomm_core.checkpoint import Parameters, load_parameters, save_parameters
from fomm_core.config import Config
from fomm_core.errors import EngineError, ModelError, OutputError
from fomm_core.export.onnx_graph import OnnxGraph
from fomm_core.files import sha256_of

EXPORT_VERSION = "1"
"""Part of the cache key: raised whenever exported graphs change."""

logger = logging.getLogger(__name__)


def export_bundle(
    folder: str | Path,
    card: ModelCard,
    parameters: Parameters,
    half: bool = False,
    keep_parameters: bool = True,
    replace: bool = False,
) -> Bundle:
    """Export the four graphs, verify them against NNabla, and write a model folder.

    Args:
        folder: where to put it.
        card: name, provenance and configuration.
        parameters: arrays by NNabla's names.
        half: store weights as float16 (half the size, three decimal digits); they are
            computed with in float32.
        keep_parameters: also write ``params.h5``.
        replace: replace an existing bundle.

    Raises:
        EngineError: NNabla or onnx is not installed.
        ParameterError: the parameters do not fit the configuration.
        ExportError: a graph cannot be exported or is not equal to NNabla's.
        OutputError: the folder cannot be written.
    """
    graphs = export_graphs(card.config, parameters)

    def fill(partial: Path) -> None:
        from fomm_core.export.verify import HALF_TOLERANCE, TOLERANCE, verify

        paths = _save(graphs, partial, half=False)
        difference = verify(card.config, parameters, paths, TOLERANCE)
        if half:
            _save(graphs, partial, half=True)
            difference = verify(card.config, parameters, paths, HALF_TOLERANCE)
        logger.info("%s: graphs within %.1e of NNabla", card.name, difference)
        if keep_parameters:
            kept = np.float16 if half else np.float32
            save_parameters(partial / PARAMETERS_FILE, parameters, dtype=kept)

    return write_bundle(folder, card, fill, replace)


def _save(graphs: Mapping[str, OnnxGraph], folder: Path, half: bool) -> dict[str, Path]:
    """Write the graphs into a folder; returns the files by stage."""
    paths = {stage: folder / f"{stage}.onnx" for stage in graphs}
    for stage, graph in graphs.items():
        graph.save(paths[stage], {"exporter": EXPORT_VERSION}, half)
    return paths


def export_graphs(config: Config, parameters: Parameters) -> Mapping[str, OnnxGraph]:
    """Export the four stages as lowered ONNX graphs, by the stage's name."""
    require_exporter()
    from fomm_core.export.lowering import lower
    from fomm_core.export.walk import walk
    from fomm_core.network.graph import Networks, build_stages

    networks = Networks(config)
    stages = build_stages(networks)
    networks.load(parameters, "export")
    named = networks.parameters()
    return {name: lower(walk(stage, named)) for name, stage in stages.items()}


def require_exporter() -> None:
    """Check that NNabla and onnx are installed.

    Raises:
        EngineError: they are not; the message says what to do.
    """
    try:
        import nnabla  # noqa: F401
        import onnx  # noqa: F401
    except ImportError as error:
        raise EngineError(
            f"exporting a model: expected NNabla and onnx, found: {error}; install them on "
            "Python 3.10 with pip install 'fomm-core[nnabla]', or export there with fomm export "
            "and use the folder here"
        ) from None


def cached_export(name: str, config: Config, parameters: Path) -> Bundle:
    """The bundle of a configuration and its parameter file, exported on first use.

    Kept in the user's cache folder under a key of the content of both.
    """
    folder = cache_folder() / "bundles" / f"{name}-{_content_key(config, parameters)}"
    if is_bundle(folder):
        try:
            return open_bundle(folder)
        except ModelError as error:
            logger.warning("%s; exporting it again", error)
    require_exporter()
    logger.info("%s: exporting for the openvino engine, once", name)
    card = ModelCard(name=name, config=config, provenance=f"exported from {parameters.name}")
    arrays = load_parameters(parameters)
    try:
        return export_bundle(folder, card, arrays, keep_parameters=False, replace=True)
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
