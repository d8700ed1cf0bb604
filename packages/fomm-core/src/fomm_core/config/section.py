"""Building blocks of all configurations: strict, frozen sections, numbers, and one way to read.

fomm-train makes the sections that only training needs of the same blocks.
"""

from __future__ import annotations

import logging
import reprlib
from copy import deepcopy
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    ValidationError,
)
from pydantic_core import ErrorDetails

from fomm_core.errors import ConfigError

logger = logging.getLogger(__name__)

UnknownKeys = Literal["refuse", "ignore"]
"""Configurations are refused for unknown keys, which mostly are misspelt ones. Those of
finished models may come from other programs and hold more than is known here."""

Unread: TypeAlias = object
"""A value that is carried as it was found, for another package or program that knows it. Its
default is what that one takes for its own default, so that a written file is complete."""


def yaml_float(value: Any) -> Any:
    """Read ``2e-4`` as a number: YAML 1.1 takes it for text (it wants ``2.0e-4``)."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


Positive = Annotated[float, BeforeValidator(yaml_float), Field(gt=0)]
Weight = Annotated[NonNegativeFloat, BeforeValidator(yaml_float)]
Probability = Annotated[float, BeforeValidator(yaml_float), Field(ge=0, le=1)]
ScaleFactor = Annotated[float, BeforeValidator(yaml_float), Field(ge=1 / 64, le=1)]
Blocks = Annotated[int, Field(ge=1, le=10)]


class Section(BaseModel):
    """A part of the configuration: frozen, typed, without unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=()
    )


SectionT = TypeVar("SectionT", bound=Section)


def parse_section(
    kind: type[SectionT], data: Any, name: str, unknown: UnknownKeys = "refuse"
) -> SectionT:
    """Check a configuration given as plain data (what a YAML file holds).

    Args:
        kind: what it is to be.
        data: a mapping of sections.
        name: how to call it in error messages.
        unknown: what to do with keys that are not known here; ``"ignore"`` warns of each.

    Raises:
        ConfigError: the configuration cannot work; the message names the first bad key.
    """
    if not isinstance(data, dict):
        raise ConfigError(f"{name}: expected a mapping of sections, found {shown(data)}")
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        strange = [e["loc"] for e in error.errors() if e["type"] == "extra_forbidden"]
        if unknown == "refuse" or not strange:
            raise ConfigError(f"{name}: {explain(error)}") from None
    known = deepcopy(data)
    for keys in strange:
        logger.warning("%s: %s: unknown key, ignored", name, ".".join(map(str, keys)))
        _remove(known, keys)
    return parse_section(kind, known, name)


def _remove(data: Any, keys: tuple[int | str, ...]) -> None:
    """Remove what a path of keys leads to."""
    for key in keys[:-1]:
        data = data[key]
    data.pop(keys[-1], None)  # gone already where two sections are one, by a YAML alias


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
