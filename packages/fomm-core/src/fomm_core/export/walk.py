"""Visit an NNabla graph and emit it as ONNX, one handler per NNabla function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nnabla as nn
import nnabla.functions as F

from fomm_core.errors import ExportError
from fomm_core.export.emitter import Emitter
from fomm_core.export.handlers import HANDLERS
from fomm_core.graphs.onnx_graph import OnnxGraph
from fomm_core.network.stages import Stage


def walk(stage: Stage, parameters: Mapping[str, nn.Variable]) -> OnnxGraph:
    """Emit a stage as ONNX, in NNabla's own terms (see ``lowering`` for the fast form).

    Args:
        stage: a stage with batch size 1.
        parameters: NNabla's parameters by name; the graph names them, without their values.

    Raises:
        ExportError: the graph holds a function for which there is no handler.
    """
    graph = OnnxGraph(
        stage.name,
        {name: v.shape for name, v in stage.inputs.items()},
        {name: v.shape for name, v in stage.outputs.items()},
    )
    emitter = Emitter(graph, {v: name for name, v in parameters.items()})
    ends = {v: name for name, v in stage.outputs.items()}
    for name, variable in stage.inputs.items():
        emitter.bind(variable, name)

    def emit(function: Any) -> None:
        kind = function.info.type_name
        if kind == "Sink":
            return
        if kind not in HANDLERS:
            raise ExportError(f"graph {stage.name}: no ONNX handler for NNabla function {kind}")
        output = function.outputs[0]
        name = ends.get(output) or emitter.unique(kind)
        emitter.bind(output, HANDLERS[kind](emitter, function, name))

    F.sink(*stage.outputs.values()).visit(emit)
    for name, variable in stage.outputs.items():
        if emitter.name(variable) != name:  # an input, or an output by another name
            graph.node("Identity", [emitter.name(variable)], name)
    return graph
