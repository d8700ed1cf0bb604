"""Short trial of accelerators, in a process of its own: a driver may crash there, or hang."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from fomm_core.utils.interpreter import python_command

Library = Literal["nnabla", "torch", "openvino", "onnxruntime"]

LIMIT_S = 60.0
"""Seconds until a trial is given up. It takes about one; loading CUDA's libraries takes longer."""


@dataclass(frozen=True)
class DeviceTrial:
    """The outcome of a device's trial.

    Attributes:
        library: what computes on it.
        device: the library's name of the device, such as ``"cuda:0"``; empty where the library
            itself cannot start.
        model: name of the hardware; empty where unknown.
        usable: whether it computes what the CPU computes.
        reason: why it is not usable; empty if it is.
        speedup: how many times as fast as the library on the CPU it is; 0 if not measured.
    """

    library: str
    device: str
    model: str
    usable: bool
    reason: str
    speedup: float = 0.0


@cache
def try_devices(library: Library, device: str = "") -> tuple[DeviceTrial, ...]:
    """Try the accelerators that a library sees: each once in a process, some seconds.

    Args:
        library: what computes; it is installed.
        device: the only one to try, by the library's name; by default all of them.

    Returns:
        The trials; none where there is no accelerator, one without a device where the library
        cannot start.
    """
    command = python_command(
        f"from {__package__}.worker import main; main({library!r}, {device!r})"
    )
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        return read_trials(library, error.stdout or b"", f"no answer within {LIMIT_S:.0f} s")
    return read_trials(library, done.stdout, _describe_end(done.returncode))


def read_trials(library: Library, output: bytes, end: str) -> tuple[DeviceTrial, ...]:
    """Read what the process of a trial reported, one JSON object a line.

    Args:
        library: what computed.
        output: the report; the last line about a device counts.
        end: how the process ended, if badly; the reason of those devices that were begun with.
    """
    lines = output.decode(errors="replace").splitlines()
    reported = (DeviceTrial(**json.loads(line)) for line in lines)
    trials = {trial.device: trial for trial in reported}
    if not trials and end:
        return (DeviceTrial(library, "", "", False, end),)
    return tuple(
        trial if trial.usable or trial.reason else replace(trial, reason=end)
        for trial in trials.values()
    )


def _describe_end(code: int) -> str:
    """Say how a process ended, where it ended badly."""
    if code >= 0:
        return f"its process ended with exit code {code}" if code else ""
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"its process crashed ({name})"
