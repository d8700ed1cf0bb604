"""The README is read in a minute, and its two commands stay as they are."""

from __future__ import annotations

import re

from workspace import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_short():
    assert len(TEXT.splitlines()) < 120


def test_its_two_commands_come_first():
    commands = re.findall(r"^```\n(.*?)\n```$", TEXT, re.MULTILINE | re.DOTALL)
    assert commands[:2] == [
        "pip install uv && uv run fomm animate",
        "pip install uv && uv run tox -p 2",
    ]


def test_its_links_lead_to_files():
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXT)
    files = [target for target in targets if not target.startswith("http")]
    assert len(files) > 10
    assert [target for target in files if not (ROOT / target).exists()] == []
