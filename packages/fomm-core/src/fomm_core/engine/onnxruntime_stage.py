"""One stage in ONNX Runtime: a session whose inputs and outputs stay on its device."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fomm_core.devices import telling_line
from fomm_core.devices.onnxruntime_providers import (
    CPU_PROVIDER,
    import_onnxruntime,
    open_session,
    provider_of,
)
from fomm_core.engine.graph_stage import GraphStage
from fomm_core.motion.keypoints import FloatArray

logger = logging.getLogger(__name__)

HEAVY = frozenset({"Conv", "ConvTranspose", "GridSample"})
"""Operations that a device is asked for; small ones may be on the CPU for a reason."""


class OnnxRuntimeStage(GraphStage):
    """A session with memory of its own for its inputs and outputs.

    Args:
        name: the stage's name.
        session: ONNX Runtime's session of a graph with static shapes.
        device: the device that it runs on.
        recorded: whether it records its first run and repeats that (CUDA graphs), always in the
            same memory.
        shared: tensors of the device for some of the inputs, instead of memory of its own.
    """

    def __init__(
        self,
        name: str,
        session: Any,
        device: str,
        recorded: bool = False,
        shared: Mapping[str, Any] | None = None,
    ) -> None:
        self.name, self._session, self._recorded = name, session, recorded
        self._place = (provider_of(device).memory, int(device.partition(":")[2] or 0))
        self._binding = session.io_binding()
        ends = (*session.get_inputs(), *session.get_outputs())
        self.shapes = {end.name: tuple(end.shape) for end in ends}
        self._inputs = dict(shared or {})
        for end in session.get_inputs():
            if end.name not in self._inputs:
                self._inputs[end.name] = self._new_tensor(end.name)
            self._binding.bind_ortvalue_input(end.name, self._inputs[end.name])
        self._outputs: dict[str, Any] = {}
        for end in session.get_outputs():
            self._renew(end.name)

    def write(self, name: str, array: FloatArray) -> None:
        self._inputs[name].update_inplace(np.ascontiguousarray(array))

    def take(self, name: str, tensor: Any) -> None:
        """Use a tensor of the device as an input; only recorded runs copy it."""
        if self._recorded:
            self._inputs[name].update_inplace(tensor.numpy())
        else:
            self._binding.bind_ortvalue_input(name, tensor)

    def run(self) -> None:
        self._binding.synchronize_inputs()
        self._session.run_with_iobinding(self._binding)
        self._binding.synchronize_outputs()

    def output(self, name: str) -> Any:
        return self._outputs[name]

    def keep(self, name: str) -> Any:
        """The tensor of an output; later runs, which must not be recorded, write into another."""
        kept = self._outputs[name]
        self._renew(name)
        return kept

    def read(self, name: str) -> FloatArray:
        first: FloatArray = self._outputs[name].numpy()[0].copy()
        return first

    def _renew(self, name: str) -> None:
        """Take new memory for an output."""
        self._outputs[name] = self._new_tensor(name)
        self._binding.bind_ortvalue_output(name, self._outputs[name])

    def _new_tensor(self, name: str) -> Any:
        """Memory for an input or output on the device, zero at first."""
        zeros = np.zeros(self.shapes[name], np.float32)
        return import_onnxruntime().OrtValue.ortvalue_from_numpy(zeros, *self._place)


def open_stage(
    name: str,
    graph: bytes,
    device: str,
    threads: int = 0,
    recorded: bool = False,
    shared: Mapping[str, Any] | None = None,
) -> OnnxRuntimeStage:
    """Open a stage on a device; what it raises has no base but ``Exception``.

    Args:
        name: the stage's name.
        graph: an ONNX model of static shapes.
        device: a device's name.
        threads: CPU threads; 0 lets ONNX Runtime choose.
        recorded: record the first run and repeat it, where device and graph allow it.
        shared: tensors of the device for some of the inputs, where another stage writes them.
    """
    if recorded and provider_of(device).graph_options:
        try:
            session = open_session(graph, device, session_options(threads), recorded=True)
            stage = OnnxRuntimeStage(name, session, device, True, shared)
            stage.run()
            return stage
        except Exception as error:  # noqa: BLE001 - an operation that cannot be recorded
            reason = telling_line(error)
            logger.info("device %s: stage %s: its runs are not recorded: %s", device, name, reason)
    session = open_session(graph, device, session_options(threads))
    return OnnxRuntimeStage(name, session, device, shared=shared)


def session_options(threads: int) -> Any:
    """ONNX Runtime's options of a session with so many CPU threads; 0 lets it choose."""
    options = import_onnxruntime().SessionOptions()
    options.intra_op_num_threads = threads
    return options


def left_on_cpu(graph: bytes, device: str) -> frozenset[str]:
    """Find the heavy operations that a device leaves to the CPU, by a run that is recorded.

    ONNX Runtime places each operation where it has a kernel for its version, and tells nobody.

    Args:
        graph: an ONNX model of static shapes.
        device: a device's name.

    Returns:
        Those of :data:`HEAVY` of which at least one ran on the CPU.
    """
    with tempfile.TemporaryDirectory(prefix="fomm-placement-") as folder:
        options = session_options(0)
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder, "run"))
        session = open_session(graph, device, options)
        session.run(None, {e.name: np.zeros(e.shape, np.float32) for e in session.get_inputs()})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return heavy_on_cpu(events)


def heavy_on_cpu(events: list[dict[str, Any]]) -> frozenset[str]:
    """Read from a profile of ONNX Runtime which of :data:`HEAVY` ran on the CPU."""
    runs = [event.get("args", {}) for event in events if event.get("cat") == "Node"]
    placed = {run.get("op_name") for run in runs if run.get("provider") == CPU_PROVIDER}
    return frozenset(HEAVY & placed)
