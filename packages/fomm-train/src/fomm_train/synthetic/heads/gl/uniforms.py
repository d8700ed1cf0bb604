"""Values of a program's uniforms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Value: TypeAlias = "float | tuple[float, ...] | npt.NDArray[Any]"


def set_uniforms(program: Any, values: Mapping[str, Value]) -> None:
    """Set those uniforms that a program has; the others are passed over."""
    for name, value in values.items():
        if name not in program:
            continue
        if isinstance(value, np.ndarray):
            program[name].write(np.ascontiguousarray(value, np.float32).tobytes())
        else:
            program[name].value = value
