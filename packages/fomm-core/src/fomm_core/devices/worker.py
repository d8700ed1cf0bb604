"""The process of a trial: it tells of a device before it tries it, and how that went after."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, replace

from fomm_core.devices.computation import compute_on_cpu, difference, make_inputs
from fomm_core.devices.failures import telling_line
from fomm_core.devices.library import DeviceLibrary
from fomm_core.devices.trial import DeviceTrial, Library


def main(library: Library, device: str) -> None:
    """Report the trials of a library's devices, or of one of them, as lines of JSON."""
    # stdout is kept for the report: libraries may print.
    with os.fdopen(os.dup(1), "w") as report:
        os.dup2(2, 1)
        for trial in _try_library(library, device):
            report.write(json.dumps(asdict(trial)) + "\n")
            report.flush()
    os._exit(0)  # a driver that fails at its end has nothing more to tell


def open_library(library: Library) -> DeviceLibrary:
    """Give what computes by a library, which need not be installed for that."""
    if library == "nnabla":
        from fomm_core.devices.nnabla import NNablaDevices

        return NNablaDevices()
    if library == "openvino":
        from fomm_core.devices.openvino import OpenVINODevices

        return OpenVINODevices()
    if library == "onnxruntime":
        from fomm_core.devices.onnxruntime import OnnxRuntimeDevices

        return OnnxRuntimeDevices()
    from fomm_core.devices.torch import TorchDevices

    return TorchDevices()


def _try_library(library: Library, device: str) -> Iterator[DeviceTrial]:
    """Yield the trial of each device twice, without an outcome and with it."""
    opened = open_library(library)
    try:
        found = opened.find()
    except Exception as error:  # noqa: BLE001 - drivers fail in any way
        yield DeviceTrial(library, "", "", False, telling_line(error))
        return
    for one in found:
        if one.name == device or not device:
            trial = DeviceTrial(library, one.name, one.model, False, "")
            yield trial
            reason, speedup = _try(opened, one.name)
            yield replace(trial, usable=not reason, reason=reason, speedup=speedup)


def _try(library: DeviceLibrary, device: str) -> tuple[str, float]:
    """Say what is wrong with a device (an empty text where nothing is), and how fast it is."""
    inputs = make_inputs()
    try:
        wrong = difference(library.compute(device, inputs), compute_on_cpu(inputs))
        return wrong, 0.0 if wrong else round(library.speedup(device), 2)
    except Exception as error:  # noqa: BLE001 - drivers fail in any way
        return telling_line(error), 0.0
