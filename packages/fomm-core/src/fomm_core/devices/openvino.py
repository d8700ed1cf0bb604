"""Intel's GPUs and NPUs by OpenVINO, as a trial uses them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from fomm_core.devices.computation import TrialInputs, TrialValues
from fomm_core.devices.library import DeviceLibrary, FoundDevice
from fomm_core.devices.trial_graphs import trial_graph


class OpenVINODevices(DeviceLibrary):
    """Devices by OpenVINO's names in small letters: ``gpu``, ``gpu.1``, ``npu``."""

    def find(self) -> Sequence[FoundDevice]:
        core = _start_core()
        return [
            FoundDevice(name.lower(), core.get_property(name, "FULL_DEVICE_NAME"))
            for name in core.available_devices
            if name != "CPU"
        ]

    def compute(self, device: str, inputs: TrialInputs) -> TrialValues:
        core = _start_core()
        model = core.read_model(trial_graph(inputs))
        compiled = core.compile_model(model, device.upper())
        found = compiled({"image": inputs.image, "values": inputs.values})
        return TrialValues(found["convolution"], found["mean"][0])


def _start_core() -> Any:
    """OpenVINO; a trial's process, which this is, tells nobody of it."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino.Core()
