"""Turn the formulas of a page into MathML, which browsers draw without any script."""

from __future__ import annotations

import re
from html import unescape

from latex2mathml.converter import convert

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def on_page_content(html: str, **_: object) -> str:
    """Convert what ``pymdownx.arithmatex`` has marked: inline, or a paragraph of its own."""

    def draw(formula: re.Match[str]) -> str:
        display = "inline" if formula.group(1) == "span" else "block"
        return str(convert(unescape(formula.group(2)).strip(), display=display))

    return _FORMULA.sub(draw, html)
