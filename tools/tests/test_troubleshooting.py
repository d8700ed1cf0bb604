"""The page of troubleshooting quotes messages; each must still be one of the program's."""

from __future__ import annotations

import ast
import re

from workspace import ROOT, find_packages

PAGE = ROOT / "docs" / "troubleshooting.md"

GAP = "…"
"""Stands for what a message fills in."""


def texts_of(tree):
    """Texts of a module, what they fill in as a gap."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"%[-.\w]*[sdfg]", GAP, node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = (p.value if isinstance(p, ast.Constant) else GAP for p in node.values)
            yield "".join(str(part) for part in parts)


def all_texts():
    sources = [path for package in find_packages() for path in package.source.rglob("*.py")]
    return {text for path in sources for text in texts_of(ast.parse(path.read_text("utf-8")))}


def is_said(message, texts):
    """Whether what stands between the gaps of a message comes, in order, in one text."""
    pattern = re.compile(".*".join(re.escape(part) for part in message.split(GAP)), re.DOTALL)
    return any(pattern.search(text) for text in texts)


def test_quoted_messages_are_those_of_the_program():
    page = PAGE.read_text(encoding="utf-8")
    messages = re.findall(r"^### `(.+)`$", page, re.MULTILINE)
    texts = all_texts()
    assert len(messages) > 20
    assert [message for message in messages if not is_said(message, texts)] == []


def test_a_message_that_nobody_says_is_noticed():
    assert is_said("expected …, found none", {"expected {…} here, found none; do it"})
    assert not is_said("expected …, lost", {"expected …, found none"})
