"""A trial of PyTorch's compiler, which needs one of C++ or Triton."""

from __future__ import annotations

import torch


def find_compiler_failure(device: torch.device) -> str:
    """Compile something small; one line on why that fails, empty where it works."""
    compiled = torch.compile(_double_sine)
    try:
        compiled(torch.zeros(4, device=device))
    except (RuntimeError, OSError, ImportError) as error:  # compiler, header or Triton missing
        return next(iter(str(error).splitlines()), "") or type(error).__name__
    return ""


def _double_sine(x: torch.Tensor) -> torch.Tensor:
    return 2 * torch.sin(x)
