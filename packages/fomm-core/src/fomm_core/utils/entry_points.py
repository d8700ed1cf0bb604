"""Loading what installed packages offer under an entry point, whatever state it is in."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import TypeVar

from fomm_core.errors import FommError

Offered = TypeVar("Offered")


class BrokenEntryPointError(FommError):
    """An entry point behind which there is not what should be; the message is one line."""


def load_entry_point(entry_point: EntryPoint, kind: type[Offered], what: str) -> Offered:
    """Import the object that an entry point names.

    Args:
        entry_point: where it is found.
        kind: its type.
        what: the type in words, such as ``"a click command"``.

    Raises:
        BrokenEntryPointError: the import fails, whatever the cause, or what is found is not
            of that type.
    """
    try:
        found = entry_point.load()
    except Exception as error:  # other people's modules may fail in any way
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise BrokenEntryPointError(reason) from error
    if not isinstance(found, kind):
        raise BrokenEntryPointError(
            f"expected {what} at {entry_point.value}, found {type(found).__name__}"
        )
    return found
