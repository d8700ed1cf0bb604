"""The errors of training itself."""

from __future__ import annotations

from fomm_core.errors import FommError


class TrainingError(FommError):
    """A training that cannot start or go on; the message says what can be done."""


class DivergenceError(TrainingError):
    """A loss became NaN or infinite.

    Attributes:
        step: the step (counted from 1 over the whole training) at which it did.
    """

    def __init__(self, message: str, step: int) -> None:
        super().__init__(message)
        self.step = step
