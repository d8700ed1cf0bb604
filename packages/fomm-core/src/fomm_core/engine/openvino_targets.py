"""Placement of the stages by OpenVINO's devices: each computes what it can as exactly as asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from fomm_core.engine.spec import Precision

Casts = Literal["", "bf16", "f16"]
"""The half precision into which casts in a graph put its convolutions; empty without casts."""


@dataclass(frozen=True)
class Target:
    """A device with the arithmetic that it is told to use: left alone, GPUs take float16.

    Attributes:
        device: OpenVINO's name, such as ``"GPU.0"``.
        hint: OpenVINO's precision hint for the whole graph, such as ``"f32"``; empty where the
            device keeps to the types that the graph has.
        casts: the half precision of the graph's convolutions.
    """

    device: str
    hint: str
    casts: Casts = ""

    @property
    def settings(self) -> dict[str, str]:
        """The settings with which OpenVINO compiles a model for it.

        A GPU makes the whole graph what a precision hint says, casts included. In the mode
        ``ACCURACY`` it keeps the types of the graph.
        """
        if self.hint:
            return {"INFERENCE_PRECISION_HINT": self.hint}
        return {"EXECUTION_MODE_HINT": "ACCURACY"}


CPU = Target("CPU", "f32")
"""What can run every stage."""


def choose_target(core: Any, device: str, stage: str, precision: Precision) -> Target:
    """Choose what computes a stage: the device, or the CPU where the device is not exact enough.

    ``fast`` is half precision by casts around convolutions (:mod:`fomm_core.graphs.narrow`): on
    the CPU in all stages, on other devices in encoder and decoder, where nothing is slow but
    what has to be exact. A device without float32 computes these two in half precision as a
    whole.

    Args:
        core: OpenVINO.
        device: OpenVINO's name, in letters of either size.
        stage: the stage's name.
        precision: as asked for.
    """
    name = device.upper()
    if name == CPU.device:
        return replace(CPU, casts="bf16") if precision == "fast" else CPU
    able = _capabilities(core, name)
    exact, halved = "FP32" in able, precision == "fast" and stage in ("encoder", "decoder")
    if halved and "FP16" in able:
        return Target(name, "", "f16") if exact else Target(name, "f16")
    return Target(name, "f32") if exact and not halved else CPU


def computes_halves(core: Any, device: str) -> bool:
    """Whether a device other than the CPU has float16."""
    return "FP16" in _capabilities(core, device.upper())


def _capabilities(core: Any, name: str) -> set[str]:
    """The kinds of numbers that a device computes with, by OpenVINO's names for them."""
    return set(core.get_property(name, "OPTIMIZATION_CAPABILITIES"))
