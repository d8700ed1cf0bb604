"""The pages that say where things live name every folder and module that lies in a package."""

from __future__ import annotations

import re

import pytest

from workspace import ROOT, Package, find_packages

LAYOUT = (ROOT / "docs" / "development" / "layout.md").read_text(encoding="utf-8")


def rooms(package: Package) -> set[str]:
    """Names of folders and modules directly in a package."""
    inside = (entry for entry in package.source.iterdir() if not entry.name.startswith("_"))
    modules = (e.stem for e in inside if e.suffix == ".py" or (e / "__init__.py").is_file())
    return set(modules)


@pytest.mark.parametrize("package", find_packages(), ids=lambda package: package.folder.name)
def test_the_layout_lists_them(package):
    row = re.search(rf"^\| {package.folder.name} \| (.*) \|$", LAYOUT, re.MULTILINE)
    assert row is not None
    assert set(re.findall(r"`(\w+)`", row[1])) == rooms(package)


@pytest.mark.parametrize("package", find_packages(), ids=lambda package: package.folder.name)
def test_the_packages_readme_says_what_each_is(package):
    readme = (package.folder / "README.md").read_text(encoding="utf-8")
    table = re.split(r"^## (?:Its parts|Reading the code)$", readme, flags=re.MULTILINE)[1]
    named = set(re.findall(r"`(\w+)(?:/|\.py)?`", table))
    assert rooms(package) - named == set()
