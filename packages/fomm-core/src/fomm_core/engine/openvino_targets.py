"""Placement of the stages by OpenVINO's devices: each computes what it can as exactly as asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fomm_core.engine.spec import Precision

_HINTS = {"FP32": "f32", "BF16": "bf16", "FP16": "f16"}
"""OpenVINO's precision hints by the capabilities that they need."""


@dataclass(frozen=True)
class Target:
    """A device with the arithmetic that it is told to use: left alone, GPUs take float16.

    Attributes:
        device: OpenVINO's name, such as ``"GPU.0"``.
        hint: OpenVINO's precision hint, such as ``"f32"``.
    """

    device: str
    hint: str


CPU = Target("CPU", "f32")
"""What can run every stage."""


def choose_target(core: Any, device: str, stage: str, precision: Precision) -> Target:
    """Choose what computes a stage: the device, or the CPU where the device is not exact enough.

    ``fast`` is half precision in encoder and decoder, where nothing is slow but what has to be
    exact. The CPU takes it from the graph itself, by its casts (:mod:`fomm_core.graphs.narrow`).

    Args:
        core: OpenVINO.
        device: OpenVINO's name, in letters of either size.
        stage: the stage's name.
        precision: as asked for.
    """
    name = device.upper()
    if name == CPU.device:
        return CPU
    halved = precision == "fast" and stage in ("encoder", "decoder")
    wanted = ("BF16", "FP16") if halved else ("FP32",)
    able = _capabilities(core, name)
    hint = next((_HINTS[kind] for kind in wanted if kind in able), None)
    return CPU if hint is None else Target(name, hint)


def computes_halves(core: Any, device: str) -> bool:
    """Whether a device other than the CPU has some half precision."""
    return not {"BF16", "FP16"}.isdisjoint(_capabilities(core, device.upper()))


def _capabilities(core: Any, name: str) -> set[str]:
    """The kinds of numbers that a device computes with, by OpenVINO's names for them."""
    return set(core.get_property(name, "OPTIMIZATION_CAPABILITIES"))
