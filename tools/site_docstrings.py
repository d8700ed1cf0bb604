"""Translate the markup of docstrings into that of the site."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|mod|data|attr):`(?:~[\w.]*?(\w+)|([^`]+))`")


class Roles(griffe.Extension):
    """Shows references such as ``:class:`~a.b.Name``` as code."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Translate one docstring."""
        if obj.docstring is not None:
            obj.docstring.value = translate(obj.docstring.value)


def translate(text: str) -> str:
    """Translate references into code, and the double colon before a block into one."""
    named = _ROLE.sub(lambda role: f"`{role.group(1) or role.group(2)}`", text)
    return re.sub(r"::$", ":", named, flags=re.MULTILINE)
