"""Graphs of well-known networks without their parameters, made ahead with NNabla.

With them, published parameters become a model on Pythons for which there is no NNabla: only
the arrays have to be filled in. ``tools/prepare_graphs.py`` makes them, and a test keeps them
equal to what NNabla gives.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fomm_core.config import Config, load_config
from fomm_core.errors import ModelError
from fomm_core.graphs.onnx_graph import OnnxGraph
from fomm_core.model.bundle import STAGES

PREBUILT = Path(__file__).parents[1] / "assets" / "graphs"
NETWORKS_FILE = "networks.yaml"


def networks_of(config: Config) -> dict[str, Any]:
    """Select what of a configuration decides about the graphs."""
    model = config.model_params
    return {
        "frame_shape": config.dataset_params.frame_shape,
        "common_params": model.common_params.model_dump(),
        "kp_detector_params": model.kp_detector_params.model_dump(),
        "generator_params": model.generator_params.model_dump(),
    }


def is_prebuilt(config: Config) -> bool:
    """Whether there are prebuilt graphs for a configuration."""
    return _folder_of(config) is not None


def prebuilt_graphs(config: Config) -> dict[str, OnnxGraph]:
    """The prebuilt graphs of a configuration, by stage, without parameters.

    Raises:
        ModelError: there are none.
    """
    folder = _folder_of(config)
    if folder is None:
        raise ModelError("expected prepared graphs for this configuration, found none")
    return {stage: OnnxGraph.load(folder / f"{stage}.onnx") for stage in STAGES}


def save_prebuilt(folder: Path, config_text: str, graphs: dict[str, OnnxGraph]) -> None:
    """Write prebuilt graphs with the configuration that they are for."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NETWORKS_FILE).write_text(config_text, encoding="utf-8")
    for stage, graph in graphs.items():
        graph.save(folder / f"{stage}.onnx", {})


def _folder_of(config: Config) -> Path | None:
    """The folder whose networks are those of the configuration."""
    wanted = networks_of(config)
    for file in sorted(PREBUILT.glob(f"*/{NETWORKS_FILE}")):
        if networks_of(load_config(file)) == wanted:
            return file.parent
    return None
