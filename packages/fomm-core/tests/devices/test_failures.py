"""Errors of devices, as libraries word them."""

from __future__ import annotations

import pytest

from fomm_core.devices import device_error, raise_device_errors
from fomm_core.devices.failures import telling_line
from fomm_core.errors import ConfigError, DeviceError

NNABLA_KERNEL = """target_specific error in forward_impl
/builds/nnabla-ext-cuda/src/nbla/cuda/function/generic/mean.cu:41
(cudaGetLastError()) failed with "an illegal instruction was encountered" (cudaErrorIllegalInst)."""
NNABLA_CUDNN = """target_specific error in forward_impl
/builds/nnabla-ext-cuda/include/nbla/cuda/cudnn/cudnn.hpp:220
Failed `status == CUDNN_STATUS_SUCCESS`: EXECUTION_FAILED"""
NNABLA_MEMORY = """memory error in alloc
/builds/nnabla/src/nbla/memory/memory.cpp:39
Failed `this->alloc_impl()`: allocation of 4096 bytes"""
TORCH_KERNEL = """CUDA error: an illegal memory access was encountered
CUDA kernel errors might be asynchronously reported at some other API call.
For debugging consider passing CUDA_LAUNCH_BLOCKING=1"""
TORCH_MEMORY = (
    "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.10 GiB"
)


@pytest.mark.parametrize(
    ("text", "found", "cure"),
    [
        (NNABLA_KERNEL, "an illegal instruction was encountered", "update the library"),
        (NNABLA_CUDNN, "EXECUTION_FAILED", "fomm doctor"),
        (NNABLA_MEMORY, "allocation of 4096 bytes", "batch_size"),
        (TORCH_KERNEL, "found: CUDA error: an illegal memory access was encountered;", "doctor"),
        (TORCH_MEMORY, "Tried to allocate 2.00 GiB", "batch_size"),
        ("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED", "cuDNN error", "fomm doctor"),
        ("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`", "CUBLAS", "batch"),
        ("CUDA error: no kernel image is available for execution on the device", "image", "update"),
        ("MPS backend out of memory (MPS allocated: 9.06 GB)", "MPS", "batch_size"),
        ("NCCL error in: ../ProcessGroupNCCL.cpp:1333, unhandled system error", "NCCL", "NCCL_DEB"),
        ("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried", "CPU", "batch"),
        ("Found no NVIDIA driver on your system.", "NVIDIA driver", "fomm doctor"),
        ("CUDNN failure 5000: CUDNN_STATUS_EXECUTION_FAILED ; GPU=0", "CUDNN failure", "doctor"),
        ("[GPU] clFlush, error code: -36 CL_INVALID_COMMAND_QUEUE", "CL_INVALID", "fomm doctor"),
    ],
)
def test_a_failure_of_a_device_is_one_line_with_a_cure(text, found, cure):
    failure = device_error(RuntimeError(text))
    assert failure is not None
    assert str(failure).startswith("expected ")
    assert found in str(failure)
    assert cure in str(failure)
    assert "\n" not in str(failure)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("a defect"),
        IndexError("list index out of range"),
        ValueError("cuda: expected a device"),
        ConfigError("CUDA error: told already"),
        KeyboardInterrupt("CUDA error"),
    ],
)
def test_other_errors_are_none_of_a_device(error):
    assert device_error(error) is None
    with pytest.raises(type(error)) as caught, raise_device_errors():
        raise error
    assert caught.value is error


def test_a_failure_is_raised_in_place_of_the_librarys_exception():
    original = RuntimeError(TORCH_MEMORY)
    with pytest.raises(DeviceError) as caught, raise_device_errors():
        raise original
    assert caught.value.__cause__ is original


def test_an_exception_without_words_is_told_by_its_name():
    assert telling_line(RuntimeError()) == "RuntimeError"
    assert telling_line(RuntimeError("one\ntwo")) == "one"
