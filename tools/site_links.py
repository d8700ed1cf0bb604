"""Resolve links of the documentation site: to its own pages, or to files of the repository.

Texts that the site includes link to files of the repository, which it does not hold. Such a link
becomes a link to the page that shows the file, or else plain text. One that leads to no file at
all is a warning, and so ends a strict build, as does anything that a page would fetch from
another server.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.plugins import event_priority

ROOT = Path(__file__).resolve().parents[1]

PAGES = {
    "CONTRIBUTING.md": "development/contributing.md",
    "README.md": "index.md",
    "SECURITY.md": "development/security.md",
    "packages/fomm-core/README.md": "howto/animate.md",
    "packages/fomm-core/README.md#engines": "howto/engines.md",
    "packages/fomm-core/README.md#models": "models.md",
    "packages/fomm-core/README.md#whole-pictures": "howto/whole-pictures.md",
    "packages/fomm-demo/README.md": "howto/host.md",
    "packages/fomm-eval/README.md": "howto/evaluate.md",
    "packages/fomm-train/README.md": "howto/train.md",
    "packages/fomm-train/docs/backends.md": "howto/cluster.md",
}
"""The pages that show files of the repository, or sections of them."""

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
_FOREIGN = re.compile(r"<(?:script|img|iframe|link)[^>]+(?:src|href)=[\"']?https?://[^>]+>")

logger = logging.getLogger("mkdocs.hooks.links")


@event_priority(-50)
def on_page_markdown(markdown: str, page: Any, files: Any, **_: Any) -> str:
    """Resolve the links of a page, when what it includes is in."""
    folder = posixpath.dirname(page.file.src_uri)

    def resolve(link: re.Match[str]) -> str:
        text, target = link.groups()
        if re.match(r"[a-z]+:|#", target):
            return link.group()
        path, hash_sign, anchor = target.partition("#")
        place = posixpath.normpath(posixpath.join("docs", folder, path))
        if place.startswith("docs/") and files.get_file_from_path(place[5:]):
            return link.group()
        shown = PAGES.get(f"{place}{hash_sign}{anchor}", PAGES.get(place))
        if shown is not None:
            return f"[{text}]({posixpath.relpath(shown, folder or '.')})"
        if not (ROOT / place).exists():
            logger.warning("%s: the link %s leads to no file", page.file.src_uri, target)
        return text

    return _LINK.sub(resolve, markdown)


def on_post_page(output: str, page: Any, **_: Any) -> None:
    """Warn of what a page would fetch from elsewhere."""
    for found in _FOREIGN.findall(output):
        logger.warning("%s: fetched from another server: %s", page.file.src_uri, found)
