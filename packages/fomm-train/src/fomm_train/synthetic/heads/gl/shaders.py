"""The texts of shaders, which lie beside this package as files."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

_INCLUDE = re.compile(r'^#include "([\w.]+)"$', re.MULTILINE)
_VERSION = "#version 330\n"


def load_shader(name: str) -> str:
    """Read a shader with all that it includes."""
    return _VERSION + _INCLUDE.sub(lambda found: _read(found.group(1)), _with_includes(name))


def _with_includes(name: str) -> str:
    """Resolve one level of includes, whose files may include others."""
    return _INCLUDE.sub(lambda found: _read(found.group(1)), _read(name))


@lru_cache
def _read(name: str) -> str:
    folder = files("fomm_train.synthetic.heads") / "shaders"
    return (folder / name).read_text(encoding="utf-8")
