"""The emitter: NNabla variables turned into names of an ONNX graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import nnabla as nn
import numpy as np

from fomm_core.errors import ExportError
from fomm_core.graphs.onnx_graph import Array, OnnxGraph


@dataclass
class Emitter:
    """Surroundings of a handler: turns NNabla variables into ONNX names.

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
