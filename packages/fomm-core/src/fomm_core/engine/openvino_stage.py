"""One stage in OpenVINO: an inference request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fomm_core.engine.graph_stage import GraphStage
from fomm_core.motion.keypoints import FloatArray

_COPIED = 2**12
"""Values of the largest arrays that are copied sooner than OpenVINO takes another tensor."""


class OpenVINOStage(GraphStage):
    """An inference request, which reads images where they lie; keypoints are copied.

    Args:
        name: the stage's name.
        request: OpenVINO's, of a model with static shapes.
        parts: where several stages run as this one, their names; operations are then named
            ``stage/...``, and the model is compiled with ``PERF_COUNT``.
    """

    def __init__(self, name: str, request: Any, parts: Sequence[str] = ()) -> None:
        self.name, self._request, self._parts = name, request, parts
        ports = (*request.model_inputs, *request.model_outputs)
        self.shapes = {end: tuple(port.shape) for port in ports for end in port.get_names()}
        self._inputs: dict[str, Any] = {}  # a request does not keep the memory of its tensors

    def write(self, name: str, array: FloatArray) -> None:
        if array.size <= _COPIED:
            self._request.get_tensor(name).data[:] = array
        else:
            self.take(name, _tensor(array))

    def take(self, name: str, tensor: Any) -> None:
        self._inputs[name] = tensor
        self._request.set_tensor(name, tensor)

    def run(self) -> None:
        self._request.infer()

    def output(self, name: str) -> Any:
        return self._request.get_tensor(name)

    def keep(self, name: str) -> Any:
        return _tensor(self.output(name).data.copy())

    def read(self, name: str) -> FloatArray:
        first: FloatArray = self.output(name).data[0].copy()
        return first

    def shares(self) -> Mapping[str, float]:
        """The fractions of time that the operations of each part have taken so far."""
        if not self._parts:
            return super().shares()
        seconds = dict.fromkeys(self._parts, 0.0)
        for info in self._request.profiling_info:
            part = info.node_name.partition("/")[0]
            if part in seconds:
                seconds[part] += info.real_time.total_seconds()
        whole = sum(seconds.values())
        if not whole:  # nothing was run
            return dict.fromkeys(self._parts, 1 / len(self._parts))
        return {part: spent / whole for part, spent in seconds.items()}


def _tensor(array: FloatArray) -> Any:
    """An OpenVINO tensor on the array's own memory, as far as that may be shared."""
    import openvino

    writable = np.require(array, requirements=("C", "W"))  # OpenVINO refuses others
    return openvino.Tensor(writable, shared_memory=True)
