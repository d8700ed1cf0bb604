"""Devices that compute, compute wrongly, fail, crash or hang."""

from __future__ import annotations

import pytest

from fomm_core.devices import DeviceTrial, try_devices
from fomm_core.devices.trial import read_trials
from fomm_core.engine.nnabla import CUDNN
from fomm_core.engine.registry import choose_engine
from fomm_core.errors import EngineError

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("nnabla")]

KERNEL_FAILS = (
    "raise RuntimeError('target_specific error in forward_impl\\n/nnabla/cuda/mean.cu:24\\n"
    '(cudaGetLastError()) failed with "an illegal instruction was encountered" '
    "(cudaErrorIllegalInstruction).')"
).replace("\n", "\\n")
HEALTHY = "import nnabla_ext.cpu; return nnabla_ext.cpu.context()"
WRONG = (
    "import nnabla.functions as F; F.convolution = lambda x, w, pad: x[:, :11] * 2; "
    "F.mean = lambda x: x[0]; " + HEALTHY
)


def only_reason(device: str = "") -> str:
    """The reason of the only trial, which failed."""
    (trial,) = try_devices("nnabla", device)
    assert (trial.library, trial.device, trial.usable) == ("nnabla", "cudnn:0", False)
    return trial.reason


def test_a_device_that_computes_as_the_cpu_does_is_usable(fake_cudnn):
    fake_cudnn(HEALTHY, devices="2")
    assert try_devices("nnabla", "cudnn:1") == (DeviceTrial("nnabla", "cudnn:1", "", True, ""),)
    assert try_devices("nnabla", "cudnn:2") == ()


def test_wrong_values_are_told(fake_cudnn):
    fake_cudnn(WRONG)
    reason = only_reason()
    assert "convolution differs from the CPU's by" in reason
    assert "mean differs from the CPU's by" in reason


def test_a_kernel_that_fails_is_told_by_its_reason(fake_cudnn):
    fake_cudnn(KERNEL_FAILS)
    assert only_reason() == (
        '(cudaGetLastError()) failed with "an illegal instruction was encountered" '
        "(cudaErrorIllegalInstruction)."
    )


def test_a_crash_is_survived(fake_cudnn):
    fake_cudnn("import os; os.abort()")
    assert only_reason("cudnn:0") == "its process crashed (SIGABRT)"


def test_an_end_without_a_word_is_told(fake_cudnn):
    fake_cudnn("import os; os._exit(3)")
    assert only_reason() == "its process ended with exit code 3"


def test_what_hangs_is_given_up(fake_cudnn, impatient):
    fake_cudnn("import time; time.sleep(100)")
    (trial,) = try_devices("nnabla")
    assert (trial.usable, trial.reason) == (False, "no answer within 4 s")


def test_what_was_reported_before_the_end_counts():
    reported = b"""
{"library": "torch", "device": "cuda:0", "model": "A", "usable": false, "reason": ""}
{"library": "torch", "device": "cuda:0", "model": "A", "usable": true, "reason": ""}
{"library": "torch", "device": "cuda:1", "model": "B", "usable": false, "reason": ""}
"""
    assert read_trials("torch", reported.lstrip(), "crashed") == (
        DeviceTrial("torch", "cuda:0", "A", True, ""),
        DeviceTrial("torch", "cuda:1", "B", False, "crashed"),
    )


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        ("1 / 0", "division by zero"),
        ("__import__('os')._exit(4)", "its process ended with exit code 4"),
    ],
)
def test_a_library_that_cannot_start_has_no_devices(fake_cudnn, count, reason):
    fake_cudnn(HEALTHY, devices=count)
    assert try_devices("nnabla") == (DeviceTrial("nnabla", "", "", False, reason),)
    assert CUDNN.status().reason == f"the CUDA extension cannot start: {reason}"


def test_no_device_is_no_trial(fake_cudnn):
    fake_cudnn(HEALTHY, devices="0")
    assert try_devices("nnabla") == ()
    assert CUDNN.status().reason == "no CUDA device found"


def test_what_libraries_print_is_no_report(fake_cudnn):
    fake_cudnn("print('hello'); " + KERNEL_FAILS, devices="print('hello') or 1")
    assert "illegal instruction" in only_reason()


def test_auto_passes_by_a_device_that_fails(fake_cudnn):
    fake_cudnn(KERNEL_FAILS)
    assert CUDNN.status().reason == (
        "not usable: NNabla's kernels fail on this GPU; use --backend torch (training) or "
        "--engine onnxruntime (inference)"
    )
    assert choose_engine("auto", lambda spec: "").name == "openvino"
    with pytest.raises(EngineError, match="nnabla-cudnn: not usable: NNabla's kernels fail"):
        choose_engine("nnabla-cudnn", lambda spec: "")
