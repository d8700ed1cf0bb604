"""Reading YAML safely, with errors in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fomm_core.errors import FommError

# PyYAML lets through what its constructors stumble over, such as the date 2020-13-45.
_NOT_YAML = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)


def read_yaml(path: Path, error_kind: type[FommError]) -> Any:
    """Read a YAML file as plain data.

    Raises:
        FommError: of the given kind; the file is missing, unreadable, or not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise error_kind(f"{path}: expected a YAML file, found none") from None
    except UnicodeDecodeError:
        raise error_kind(f"{path}: expected YAML text, found binary data") from None
    except OSError as error:
        raise error_kind(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return yaml.safe_load(text)
    except _NOT_YAML as error:
        reason = " ".join(str(error).split())
        raise error_kind(f"{path}: expected YAML, found: {reason}") from None
