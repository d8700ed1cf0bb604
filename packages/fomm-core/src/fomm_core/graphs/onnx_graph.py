"""An ONNX graph that is easy to build and to rewrite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from google.protobuf.message import DecodeError
from onnx import helper, numpy_helper

from fomm_core.errors import ExportError, ModelError
from fomm_core.utils.files import atomic_path

OPSET = 20
IR_VERSION = 9
_LARGE = 1024
_PARAMETERS = "parameters"
_HALF = ":half"

Array = npt.NDArray[Any]
Shape = tuple[int, ...]


@dataclass
class OnnxGraph:
    """Nodes in order of execution, with the arrays that they use; all ends are float32.

    Attributes:
        name: the stage's name.
        inputs, outputs: static shapes by name.
        nodes: ONNX nodes, inputs before their consumers.
        initializers: constant arrays by name.
        parameters: shapes of the networks' parameters, by NNabla's names; they are inputs
            of the graph until :meth:`filled` makes them constants.
    """

    name: str
    inputs: dict[str, Shape]
    outputs: dict[str, Shape]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: dict[str, Array] = field(default_factory=dict)
    parameters: dict[str, Shape] = field(default_factory=dict)

    def filled(self, parameters: Mapping[str, Array]) -> OnnxGraph:
        """The same graph with its parameters as constants.

        Args:
            parameters: arrays by name, of the shapes in :attr:`parameters`.
        """
        constants = {name: parameters[name] for name in self.parameters}
        return replace(
            self,
            nodes=list(self.nodes),
            initializers={**self.initializers, **constants},
            parameters={},
        )

    def node(self, op: str, inputs: Iterable[str], output: str, **attributes: Any) -> str:
        """Append a node with one output and return the output's name."""
        self.nodes.append(make_node(op, inputs, [output], **attributes))
        return output

    def constant(self, name: str, array: Array) -> str:
        """Add a constant array and return its name."""
        self.initializers[name] = array
        return name

    def nodes_of(self, op: str) -> list[onnx.NodeProto]:
        """The nodes of one kind, as a list of its own: rewriting changes the graph."""
        return [node for node in self.nodes if node.op_type == op]

    def consumers(self, name: str) -> list[onnx.NodeProto]:
        """The nodes that read ``name``."""
        return [node for node in self.nodes if name in node.input]

    def sole_consumer(self, name: str) -> onnx.NodeProto | None:
        """The node that alone reads ``name``; ``None`` if there are more or it is an output."""
        found = self.consumers(name)
        return found[0] if len(found) == 1 and name not in self.outputs else None

    def replace(self, old: onnx.NodeProto, *new: onnx.NodeProto) -> None:
        """Put the ``new`` nodes where ``old`` stands; without any, remove ``old``."""
        position = next(i for i, node in enumerate(self.nodes) if node is old)
        self.nodes[position : position + 1] = new

    def shapes(self) -> dict[str, Shape]:
        """The static shape of every input and of every node's output, by name."""
        small = {k: v for k, v in self.initializers.items() if v.size < _LARGE}
        large = {k: v.shape for k, v in self.initializers.items() if v.size >= _LARGE}
        weightless = replace(
            self, initializers=small, parameters={**self.parameters, **large}
        ).to_model({})
        inferred = onnx.shape_inference.infer_shapes(weightless, strict_mode=True).graph
        return _shapes((*inferred.input, *inferred.value_info, *inferred.output))

    def drop_unused(self) -> None:
        """Remove constants that no node reads any more."""
        used = {name for node in self.nodes for name in node.input}
        self.initializers = {k: v for k, v in self.initializers.items() if k in used}

    def to_model(self, metadata: Mapping[str, str], half: bool = False) -> onnx.ModelProto:
        """Make an ONNX model.

        Args:
            metadata: text that is written into the model.
            half: store large convolution kernels as float16, cast to float32 on use. All
                else (coordinate grids above all) keeps its precision.
        """
        halved = self._large_kernels() if half else set()
        tensors, casts = [], []
        for name, array in self.initializers.items():
            if name in halved:
                stored = f"{name}{_HALF}"
                tensors.append(numpy_helper.from_array(array.astype(np.float16), stored))
                casts.append(helper.make_node("Cast", [stored], [name], to=onnx.TensorProto.FLOAT))
            else:
                tensors.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        graph = helper.make_graph(
            [*casts, *self.nodes],
            self.name,
            _ends({**self.inputs, **self.parameters}),
            _ends(self.outputs),
            tensors,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        helper.set_model_props(model, {**metadata, _PARAMETERS: "\n".join(self.parameters)})
        onnx.checker.check_model(model)
        return model

    def _large_kernels(self) -> set[str]:
        """The names of the convolution kernels that are worth storing as float16."""
        convolutions = [n for n in self.nodes if n.op_type in ("Conv", "ConvTranspose")]
        kernels = {node.input[1] for node in convolutions}
        return {k for k in kernels & set(self.initializers) if self.initializers[k].size >= _LARGE}

    def save(self, path: Path, metadata: Mapping[str, str], half: bool = False) -> None:
        """Write the graph as an ONNX file, moved into place when it is complete."""
        with atomic_path(path) as temporary:
            onnx.save_model(self.to_model(metadata, half), str(temporary))

    @classmethod
    def load(cls, path: Path) -> OnnxGraph:
        """Read a graph that :meth:`save` wrote; halved kernels become float32 again.

        Raises:
            ModelError: the file is missing or damaged.
        """
        try:
            model = onnx.load_model(str(path))
        except FileNotFoundError:
            raise ModelError(f"{path}: expected an ONNX graph, found none") from None
        except (OSError, ValueError, DecodeError) as error:
            raise ModelError(f"{path}: expected an ONNX graph, found: {error}") from None
        graph = model.graph
        if not graph.output:
            raise ModelError(f"{path}: expected an ONNX graph, found data without one")
        properties = {entry.key: entry.value for entry in model.metadata_props}
        parameters = properties.get(_PARAMETERS, "").splitlines()
        shapes = _shapes(graph.input)
        return cls(
            name=graph.name,
            inputs={name: shape for name, shape in shapes.items() if name not in parameters},
            outputs=_shapes(graph.output),
            nodes=[node for node in graph.node if not _is_widening(node)],
            initializers=dict(map(_named_array, graph.initializer)),
            parameters={name: shapes[name] for name in parameters},
        )


def make_node(
    op: str, inputs: Iterable[str], outputs: Sequence[str], **attributes: Any
) -> onnx.NodeProto:
    """Make a node, named after its first output."""
    return helper.make_node(op, list(inputs), list(outputs), name=outputs[0], **attributes)


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's attributes as plain values."""
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def array_of(graph: OnnxGraph, name: str) -> Array:
    """A constant of the graph.

    Raises:
        ExportError: ``name`` is not constant.
    """
    if name not in graph.initializers:
        raise ExportError(f"graph {graph.name}: expected {name} to be constant, found a variable")
    return graph.initializers[name]


def _is_widening(node: onnx.NodeProto) -> bool:
    """Whether a node casts a kernel that is stored as float16."""
    return node.op_type == "Cast" and node.input[0].endswith(_HALF)


def _named_array(tensor: onnx.TensorProto) -> tuple[str, Array]:
    """A stored constant with its name in the graph."""
    array: Array = numpy_helper.to_array(tensor)
    if tensor.name.endswith(_HALF):
        return tensor.name.removesuffix(_HALF), array.astype(np.float32)
    return tensor.name, array


def _ends(shapes: Mapping[str, Shape]) -> list[onnx.ValueInfoProto]:
    float32 = onnx.TensorProto.FLOAT
    return [helper.make_tensor_value_info(n, float32, shape) for n, shape in shapes.items()]


def _shapes(values: Iterable[onnx.ValueInfoProto]) -> dict[str, Shape]:
    return {v.name: tuple(d.dim_value for d in v.type.tensor_type.shape.dim) for v in values}
