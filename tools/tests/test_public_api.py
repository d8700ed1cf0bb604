from __future__ import annotations

import sys

import pytest

from public_api import BETWEEN_PACKAGES, describe_package, names_between_packages
from workspace import ROOT


@pytest.fixture
def module(tmp_path, monkeypatch):
    code = """
from __future__ import annotations
from dataclasses import dataclass
from pathlib import Path

class OneError(ValueError): pass

@dataclass(frozen=True)
class Record:
    size: int
    name: str = "one"
    run: object = print
    @property
    def area(self) -> int: return self.size ** 2
    @classmethod
    def read(cls, path: Path = Path()) -> Record: return cls(1)
    def _hidden(self) -> None: pass

def work(first: Record, *rest: int, loud: bool = False, **more: str) -> list[Record]: return []

LIMIT = 3
__version__ = "1"
__all__ = ["OneError", "Record", "work", "LIMIT", "__version__"]
"""
    (tmp_path / "fomm_exporting.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    yield "fomm_exporting"
    del sys.modules["fomm_exporting"]


def test_names_come_with_their_parameters_defaults_and_members(module):
    assert describe_package(module).splitlines() == [
        "LIMIT",
        "OneError, a ValueError",
        "Record(size: int, name: str = 'one', run: object = ...)",
        "    .area",
        "    .read(path: Path = ...) -> Record",
        "__version__",
        "work(first: Record, *rest: int, loud: bool = False, **more: str) -> list[Record]",
    ]


def test_names_between_packages_are_those_that_are_written_down():
    found = (ROOT / BETWEEN_PACKAGES).read_text(encoding="utf-8")
    assert found == names_between_packages(), "run: uv run python tools/public_api.py"
