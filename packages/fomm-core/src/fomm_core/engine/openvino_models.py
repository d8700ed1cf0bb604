"""Exported graphs as models of OpenVINO: read, joined, compiled."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from fomm_core.devices import telling_line
from fomm_core.engine.base import MOTION_TO_DECODER
from fomm_core.engine.openvino_targets import CPU, Casts, Target
from fomm_core.errors import EngineError, ModelError

logger = logging.getLogger(__name__)

_ENDS = {
    "keypoints": {"image", "value"},
    "encoder": {"source", "features", "small"},
    "motion": {"small", "source_value", "driving_value", "deformation", "mask", "sparse_deformed"},
    "decoder": {"source", "features", "deformation", "prediction", "deformed"},
}
"""Inputs and outputs that the graph of a stage always has."""


@cache
def start_core(threads: int) -> Any:
    """OpenVINO, set to give the single next frame soonest; one for the life of the process.

    Its CPU plugin gives the thread that starts it a stack for signals and unmaps that when it
    goes, whoever still uses it: the next Ctrl-C would end the process by a segmentation fault.
    Nothing may be set on what is shared so; settings go with the models that are compiled.

    Args:
        threads: CPU threads to use; 0 lets OpenVINO choose.

    Raises:
        EngineError: it is not installed.
    """
    try:
        import openvino
    except ImportError as error:
        raise EngineError(
            f"engine openvino: expected the package openvino, found none ({error}); "
            "install it with: pip install openvino"
        ) from None
    core = openvino.Core()
    core.set_property("CPU", {"PERFORMANCE_HINT": "LATENCY"})
    if threads:
        core.set_property("CPU", {"INFERENCE_NUM_THREADS": threads})
    return core


def read_stage(core: Any, path: Path, stage: str, casts: Casts = "") -> Any:
    """Read the graph of a stage.

    Args:
        core: OpenVINO.
        path: the ONNX file.
        stage: the stage's name.
        casts: put casts around its convolutions, so that they are computed in half precision.

    Raises:
        ModelError: it is missing, damaged, or the graph of another stage.
    """
    if not path.is_file():
        raise ModelError(f"{path}: expected an exported graph, found none")
    with raise_damage(path):
        model = core.read_model(_with_casts(path, stage, casts) if casts else path)
    missing = _ENDS[stage] - end_names(model.inputs) - end_names(model.outputs)
    if missing:
        raise ModelError(
            f"{path}: expected the graph of stage {stage}, found one without {min(missing)}"
        )
    return model


def _with_casts(path: Path, stage: str, casts: Casts) -> bytes:
    """The graph in the file with its convolutions in half precision, as an ONNX model."""
    from fomm_core.graphs.narrow import in_bfloat16
    from fomm_core.graphs.onnx_graph import OnnxGraph
    from fomm_core.graphs.portable import in_float16

    graph = OnnxGraph.load(path)
    graph = in_bfloat16(graph, stage != "keypoints") if casts == "bf16" else in_float16(graph)
    model: bytes = graph.to_model({}).SerializeToString()
    return model


def join(motion: Any, decoder: Any, outputs: Collection[str]) -> Any:
    """Make one model of motion and decoder, which are used up.

    What the one hands to the other never leaves OpenVINO's own layout; what is not among
    ``outputs`` is not computed unless something else needs it. Operations are named
    ``stage/name``.

    Raises:
        RuntimeError: they do not fit each other.
    """
    import openvino

    for stage, model in (("motion", motion), ("decoder", decoder)):
        for operation in model.get_ops():
            operation.set_friendly_name(f"{stage}/{operation.get_friendly_name()}")
    inputs = list(motion.get_parameters())
    for parameter in decoder.get_parameters():
        handed = end_names(parameter.outputs()).intersection(MOTION_TO_DECODER)
        if not handed:
            inputs.append(parameter)
        for name in handed:
            result = motion.output(name).get_node()
            parameter.output(0).replace(result.input_value(0))
    results = [
        result
        for result in (*motion.get_results(), *decoder.get_results())
        if not end_names(result.outputs()).isdisjoint(outputs)
    ]
    model = openvino.Model(results, inputs, "motion and decoder")
    model.validate_nodes_and_infer_types()
    return model


def compile_for(
    core: Any, model: Any, stage: str, target: Target, **settings: str
) -> tuple[Any, Target]:
    """Compile a model for a device, or for the CPU where the device cannot run it.

    Returns:
        Its inference request, and where it computes.
    """
    try:
        compiled = core.compile_model(model, target.device, {**target.settings, **settings})
        return compiled.create_infer_request(), target
    except RuntimeError as error:
        if target.device == CPU.device:
            raise
        logger.info("device %s: stage %s: %s", target.device, stage, telling_line(error))
    return compile_for(core, model, stage, CPU, **settings)


@contextmanager
def raise_damage(*paths: Path) -> Iterator[None]:
    """Raise in one line, about its file, that OpenVINO cannot take a graph.

    Args:
        paths: the file; several where graphs that are intact may not fit each other.

    Raises:
        ModelError: instead of any RuntimeError of the block.
    """
    try:
        yield
    except RuntimeError as error:
        reason = str(error).strip().rpartition("\n")[2].strip()
        expected = "an exported ONNX graph" if len(paths) == 1 else "graphs of one model"
        names = ", ".join(map(str, paths))
        raise ModelError(f"{names}: expected {expected}, found: {reason}") from None


def end_names(ports: Any) -> set[str]:
    """The names of inputs or outputs."""
    return {name for port in ports for name in port.get_names()}
