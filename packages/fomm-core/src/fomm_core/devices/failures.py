"""Failures of devices among exceptions: libraries raise them as any other RuntimeError."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from fomm_core.errors import DeviceError, FommError

# As NNabla, PyTorch, ONNX Runtime and OpenVINO word them.
_MEMORY = re.compile(
    r"out of memory|can't allocate memory|memory error in alloc|OutOfMemory"
    r"|\w*ALLOC_FAILED|cudaErrorMemoryAllocation|Failed to allocate memory|CL_OUT_OF_\w*MEMORY",
    re.IGNORECASE,
)
_UNKNOWN_GPU = re.compile(
    r"no kernel image is available|illegal instruction|cudaErrorNoKernelImage\w*"
    r"|\w*ARCH_MISMATCH|invalid device function|not compatible with the current PyTorch"
)
_RANKS = re.compile(r"\bNCCL\b|\bnccl[A-Z]\w+")
_DEVICE = re.compile(
    r"\bCUDA (error|failure|driver|call)|\bcuDNN (error|failure)|\bCUDNN failure|\bHIP error"
    r"|\bMPS (backend|error)|\b(CUDNN|CUBLAS|CUSOLVER|CUFFT)_STATUS_\w+|cudaError\w+"
    r"|\btarget_specific\w* error in|\bNVIDIA driver|\[GPU\]|\bCL_[A-Z_]+|libcuda\.so"
)
_NNABLA_REASON = re.compile(r"failed with \"|^Failed `")

_CURES = (
    (
        _MEMORY,
        "expected enough memory",
        "close what else uses it, train with a smaller train_params.batch_size, or on the CPU",
    ),
    (
        _UNKNOWN_GPU,
        "expected a GPU that the library has kernels for",
        "see `fomm doctor`, update the library, or compute on the CPU",
    ),
    (
        _RANKS,
        "expected GPUs that reach one another",
        "give each rank a GPU of its own, and see what NCCL_DEBUG=INFO tells",
    ),
    (
        _DEVICE,
        "expected a device that computes",
        "see whether `fomm doctor` calls it usable, restart the machine's driver, or compute on "
        "the CPU",
    ),
)


def device_error(error: BaseException) -> DeviceError | None:
    """Put the failure of a device into one line that says what to do.

    Args:
        error: anything that was raised.

    Returns:
        The error for the user; ``None`` where it is not a device that failed.
    """
    if isinstance(error, FommError) or not isinstance(error, Exception):
        return None
    text = f"{type(error).__name__}: {error}"
    for pattern, expected, cure in _CURES:
        if pattern.search(text):
            return DeviceError(f"{expected}, found: {telling_line(error)}; {cure}")
    return None


@contextmanager
def raise_device_errors() -> Iterator[None]:
    """Raise failures of a device in the block as what they are.

    Raises:
        DeviceError: in place of the library's own exception.
    """
    try:
        yield
    except Exception as error:
        failure = device_error(error)
        if failure is None:
            raise
        raise failure from error


def telling_line(error: BaseException) -> str:
    """Choose the line of a library's exception that says what failed; the first by default.

    NNabla's begins with where it failed, in the code; PyTorch's ends with advice for developers.
    """
    lines = [" ".join(line.split()) for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    patterns = (_NNABLA_REASON, *(pattern for pattern, _, _ in _CURES))
    found = (line for pattern in patterns for line in lines if pattern.search(line))
    return next(found, lines[0])
