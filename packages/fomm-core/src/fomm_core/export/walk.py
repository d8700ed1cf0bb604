"""Visit an NNabla graph and emit it as ONNX, one handler per NNabla function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import nnabla as nn
import nnabla.functions as F
import numpy as np

from fomm_core.errors import ExportError
from fomm_core.export.onnx_graph import Array, OnnxGraph
from fomm_core.network.graph import Stage


@dataclass
class Emitter:
    """What a handler works with: it turns NNabla variables into ONNX names.

    Attributes:
        graph: the graph that is built.
        parameters: NNabla's parameter variables with their names.
    """

    graph: OnnxGraph
    parameters: Mapping[nn.Variable, str]
    _names: dict[nn.Variable, str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def bind(self, variable: nn.Variable, name: str) -> None:
        """Say that a variable is known under ``name``."""
        self._names[variable] = name

    def unique(self, stem: str) -> str:
        """A name not used before, such as ``Convolution_3``."""
        number = self._counts.get(stem, 0)
        self._counts[stem] = number + 1
        return f"{stem}_{number}"

    def name(self, variable: nn.Variable) -> str:
        """The ONNX name of a variable; constants and parameters are added to the graph."""
        if variable not in self._names:
            self.bind(variable, self.add_constant(variable, np.array(variable.d)))
        return self._names[variable]

    def add_constant(self, variable: nn.Variable, array: Array) -> str:
        """Add the array of a leaf variable; of a parameter, only the name and the shape.

        Raises:
            ExportError: the variable is computed, so its present value is no constant.
        """
        if variable.parent is not None:
            raise ExportError(f"graph {self.graph.name}: expected a constant, found a variable")
        if variable in self.parameters:
            name = self.parameters[variable]
            self.graph.parameters[name] = variable.shape
            return name
        return self.graph.constant(self.unique("constant"), array.astype(np.float32))

    def integers(self, values: Any) -> str:
        """Add a constant int64 vector (axes, shapes, ...)."""
        return self.graph.constant(self.unique("integers"), np.asarray(values, dtype=np.int64))

    def floats(self, values: Any) -> str:
        """Add a constant float32 vector or scalar."""
        return self.graph.constant(self.unique("floats"), np.asarray(values, dtype=np.float32))


def walk(stage: Stage, parameters: Mapping[str, nn.Variable]) -> OnnxGraph:
    """Emit a stage as ONNX, in NNabla's own terms (see ``lowering`` for the fast form).

    Args:
        stage: a stage with batch size 1.
        parameters: NNabla's parameters by name; the graph names them, without their values.

    Raises:
        ExportError: the graph holds a function for which there is no handler.
    """
    from fomm_core.export.handlers import HANDLERS

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
