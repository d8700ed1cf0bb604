"""Values as Python callers give them, whatever the types say."""

from __future__ import annotations

import math
from numbers import Real
from typing import TypeGuard


def is_finite_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number, NumPy's too, but neither NaN nor infinite nor a truth value."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
