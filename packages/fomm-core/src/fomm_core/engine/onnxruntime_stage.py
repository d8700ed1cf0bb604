"""One stage in ONNX Runtime: a session whose inputs and outputs stay on its device."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from fomm_core.devices.onnxruntime_providers import (
    CPU_PROVIDER,
    import_onnxruntime,
    open_session,
    provider_of,
)
from fomm_core.motion.keypoints import FloatArray

HEAVY = frozenset({"Conv", "ConvTranspose", "GridSample"})
"""Operations that a device is asked for; small ones may be on the CPU for a reason."""


class OnnxRuntimeStage:
    """A session with memory of its own for every input and output, all float32.

    Args:
        session: ONNX Runtime's session of a graph with static shapes.
        device: the device that it runs on.
        recorded: whether it records its first run and repeats that (CUDA graphs).
    """

    def __init__(self, session: Any, device: str, recorded: bool = False) -> None:
        self._session, self._recorded = session, recorded
        self._place = (provider_of(device).memory, int(device.partition(":")[2] or 0))
        self._binding = self._session.io_binding()
        self._inputs = {end.name: self._new_value(end) for end in self._session.get_inputs()}
        self._outputs: dict[str, Any] = {}
        for name, value in self._inputs.items():
            self._binding.bind_ortvalue_input(name, value)
        self.renew_outputs()

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the inputs and outputs by name."""
        ends = (*self._session.get_inputs(), *self._session.get_outputs())
        return {end.name: tuple(end.shape) for end in ends}

    def renew_outputs(self) -> None:
        """Take new memory for the outputs, so that those of the last run stay as they are."""
        for end in self._session.get_outputs():
            self._outputs[end.name] = self._new_value(end)
            self._binding.bind_ortvalue_output(end.name, self._outputs[end.name])

    def write(self, inputs: Mapping[str, FloatArray]) -> None:
        """Copy arrays into inputs."""
        for name, array in inputs.items():
            self._inputs[name].update_inplace(np.ascontiguousarray(array))

    def take(self, name: str, value: Any) -> None:
        """Use a tensor of the device as an input from now on.

        It is not copied, but for recorded runs, which always read from the same place.
        """
        if self._recorded:
            self._inputs[name].update_inplace(value.numpy())
        else:
            self._binding.bind_ortvalue_input(name, value)

    def share(self, name: str, value: Any) -> None:
        """Let an input lie where another stage writes it, for all runs."""
        self._inputs[name] = value
        self._binding.bind_ortvalue_input(name, value)

    def run(self) -> None:
        """Compute the outputs."""
        self._binding.synchronize_inputs()
        self._session.run_with_iobinding(self._binding)
        self._binding.synchronize_outputs()

    def output(self, name: str) -> Any:
        """The tensor of an output, on the device."""
        return self._outputs[name]

    def read(self, name: str) -> FloatArray:
        """A copy of an output without its batch axis."""
        first: FloatArray = self._outputs[name].numpy()[0].copy()
        return first

    def _new_value(self, end: Any) -> Any:
        """Memory for an input or output on the device, zero at first."""
        zeros = np.zeros(end.shape, np.float32)
        return import_onnxruntime().OrtValue.ortvalue_from_numpy(zeros, *self._place)


def open_stage(
    graph: bytes, device: str, threads: int = 0, recorded: bool = False
) -> OnnxRuntimeStage:
    """Open a stage on a device; what it raises has no base but ``Exception``.

    Args:
        graph: an ONNX model of static shapes.
        device: a device's name.
        threads: CPU threads; 0 lets ONNX Runtime choose.
        recorded: record the first run and repeat it, where device and graph allow it.
    """
    if recorded and provider_of(device).graph_options:
        with suppress(Exception):  # an operation that cannot be recorded
            session = open_session(graph, device, session_options(threads), recorded=True)
            stage = OnnxRuntimeStage(session, device, recorded=True)
            stage.run()
            return stage
    return OnnxRuntimeStage(open_session(graph, device, session_options(threads)), device)


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
