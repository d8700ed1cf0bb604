"""Exported graphs in the form that an accelerator of ONNX Runtime takes best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fomm_core.devices import raise_device_errors, telling_line
from fomm_core.engine.onnxruntime_stage import left_on_cpu
from fomm_core.engine.spec import DEFAULT_DEVICE
from fomm_core.errors import EngineError, FommError, ModelError


def prepare_graph(
    path: Path, stage: str, device: str, halved: bool
) -> tuple[bytes, frozenset[str]]:
    """Read a stage's graph in the form of which the device leaves the least to the CPU.

    Args:
        path: the ONNX file.
        stage: the stage's name.
        device: a device's name.
        halved: compute its convolutions in float16.

    Returns:
        An ONNX model, and the heavy operations that the device leaves to the CPU.

    Raises:
        ModelError: the file is missing, damaged, or the graph of another stage.
        DeviceError, EngineError: the device fails.
    """
    from fomm_core.graphs.onnx_graph import OnnxGraph
    from fomm_core.graphs.portable import (
        GRID_SAMPLE_OPSETS,
        in_float16,
        make_portable,
        with_opset,
    )

    graph = OnnxGraph.load(path)
    if graph.name != stage:
        raise ModelError(f"{path}: expected the graph of stage {stage}, found that of {graph.name}")
    model = (in_float16 if halved else make_portable)(graph).to_model({})
    candidates = (with_opset(model, opset).SerializeToString() for opset in GRID_SAMPLE_OPSETS)
    if device == DEFAULT_DEVICE:
        return next(candidates), frozenset()
    with raise_failures(device):
        return _place(candidates, device)


def _place(candidates: Iterable[bytes], device: str) -> tuple[bytes, frozenset[str]]:
    """Choose the first graph of which the device leaves nothing, or the least, to the CPU."""
    placed = []
    for graph in candidates:
        placed.append((graph, left_on_cpu(graph, device)))
        if not placed[-1][1]:
            break
    return min(placed, key=lambda one: len(one[1]))


@contextmanager
def raise_failures(device: str) -> Iterator[None]:
    """Raise what ONNX Runtime raises in the block as a line for the user.

    Raises:
        DeviceError: the device failed in a way that is known.
        EngineError: anything else.
    """
    try:
        with raise_device_errors():
            yield
    except FommError:
        raise
    except Exception as error:  # its exceptions have no other base
        reason = telling_line(error)
        raise EngineError(f"engine onnxruntime: device {device}: {reason}") from error
