"""Public names of a package, imported from their modules on first use."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any


def import_name(package: str, homes: Mapping[str, str], name: str) -> Any:
    """Import a name from its module and keep it in the package.

    Args:
        package: the package's own name.
        homes: module of each public name, relative to the package.
        name: the name that is asked for.

    Raises:
        AttributeError: it is none of them.
    """
    if name not in homes:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    value = getattr(import_module(f"{package}.{homes[name]}"), name)
    setattr(sys.modules[package], name, value)
    return value
