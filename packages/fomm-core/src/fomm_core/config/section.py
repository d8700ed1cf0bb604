"""What all sections of a configuration are made of: strict, frozen records and numbers."""

from __future__ import annotations

import reprlib
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    ValidationError,
)
from pydantic_core import ErrorDetails


def yaml_float(value: Any) -> Any:
    """Read ``2e-4`` as a number: YAML 1.1 takes it for text (it wants ``2.0e-4``)."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


Float = Annotated[float, BeforeValidator(yaml_float)]
Positive = Annotated[float, BeforeValidator(yaml_float), Field(gt=0)]
Weight = Annotated[NonNegativeFloat, BeforeValidator(yaml_float)]
Probability = Annotated[float, BeforeValidator(yaml_float), Field(ge=0, le=1)]
ScaleFactor = Annotated[float, BeforeValidator(yaml_float), Field(ge=1 / 64, le=1)]
Blocks = Annotated[int, Field(ge=1, le=10)]


class Section(BaseModel):
    """A part of the configuration: frozen, typed, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def explain(error: ValidationError) -> str:
    """Say the first problem of a pydantic model in one line: key, expectation, finding."""
    problems = error.errors(include_url=False)
    text = " ".join(_problem(problems[0]).split())
    more = len(problems) - 1
    return f"{text} (and {more} more)" if more else text


def _problem(details: ErrorDetails) -> str:
    """Say one problem."""
    key = ".".join(str(part) for part in details["loc"])
    found = shown(details["input"])
    kind, message = details["type"], details["msg"]
    if kind == "extra_forbidden":
        return f"{key}: unknown key"
    if kind == "invalid_key":
        return f"{key}: expected a key that is text, found {found}"
    if kind == "missing":
        return f"{key}: expected a value, found none"
    if kind == "too_long":
        return f"{key}: expected at most {details['ctx']['max_length']} values, found {found}"
    if kind == "value_error":
        reason = message.removeprefix("Value error, ")
        return f"{key}: {reason}" if key else reason
    return f"{key}: expected {message.removeprefix('Input should be ')}, found {found}"


def shown(value: Any) -> str:
    """Show a value in an error message, on one line and not too long."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = 60
    text = " ".join(short.repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
