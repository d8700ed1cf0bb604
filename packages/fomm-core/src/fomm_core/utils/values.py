"""Values as Python callers give them, whatever the types say."""

from __future__ import annotations

import math
from collections.abc import Collection
from numbers import Real
from typing import TypeGuard

from fomm_core.errors import FommError


def is_finite_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number, NumPy's too, but neither NaN nor infinite nor a truth value."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def require_choice(
    name: str, value: object, choices: Collection[str], error: type[FommError] = FommError
) -> None:
    """Check that a value is one of some words.

    Args:
        name: what the message calls the value.
        value: anything.
        choices: the words.
        error: what is raised.

    Raises:
        FommError: it is none of them; the message lists them.
    """
    if value not in choices:
        raise error(f"{name}: expected one of {', '.join(choices)}, found {value!r}")
