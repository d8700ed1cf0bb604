"""ONNX Runtime's accelerators, as a trial uses them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from fomm_core.devices.computation import TrialInputs, TrialValues
from fomm_core.devices.library import DeviceLibrary, FoundDevice
from fomm_core.devices.onnxruntime_providers import (
    find_devices,
    import_onnxruntime,
    open_session,
)
from fomm_core.devices.trial_graphs import timing_graph, timing_image, trial_graph

_RUNS = 3


class OnnxRuntimeDevices(DeviceLibrary):
    """Devices by the names of :func:`~.onnxruntime_providers.known_providers`."""

    def find(self) -> Sequence[FoundDevice]:
        available = import_onnxruntime().get_available_providers()
        return [FoundDevice(name) for name in find_devices(available)]

    def compute(self, device: str, inputs: TrialInputs) -> TrialValues:
        session = _open_session(trial_graph(inputs), device)
        feeds = {"image": inputs.image, "values": inputs.values}
        convolution, mean = session.run(["convolution", "mean"], feeds)
        return TrialValues(convolution, mean[0])

    def speedup(self, device: str) -> float:
        seconds = [_time(_open_session(timing_graph(), name)) for name in (device, "cpu")]
        return seconds[1] / seconds[0]


def _open_session(graph: bytes, device: str) -> Any:
    """Open a session in which nothing is left to the CPU behind the device's back."""
    options = import_onnxruntime().SessionOptions()
    if device != "cpu":
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    return open_session(graph, device, options)


def _time(session: Any) -> float:
    """Seconds of one run; the least of several, after one that warms up."""
    feeds, seconds = {"image": timing_image()}, []
    for _ in range(1 + _RUNS):
        began = time.perf_counter()
        session.run(None, feeds)
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:])
