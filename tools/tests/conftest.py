from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from workspace import Package

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "fomm-one"
dynamic = ["version"]

[tool.hatch.version]
path = "src/fomm_one/_version.py"
"""


def git(root: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
    subprocess.run(["git", *settings, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A repository that keeps all rules, with one package in it, committed."""
    for variable in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{variable}_NAME", "Tester")
        monkeypatch.setenv(f"GIT_{variable}_EMAIL", "tester@example.com")
    package = Package(tmp_path / "packages" / "fomm-one")
    (tmp_path / "LICENSE").write_text("Do as you like.\n")
    files = {
        "README.md": "# fomm-one\n",
        "LICENSE": "Do as you like.\n",
        "CHANGELOG.md": "# Changes\n\n## 0.2.0\n\n- Better.\n\n## 0.1.0\n\n- First.\n",
        "pyproject.toml": PROJECT,
        "src/fomm_one/__init__.py": "",
        "src/fomm_one/_version.py": '"""Version."""\n\n__version__ = "0.2.0"\n',
        "src/fomm_one/py.typed": "",
        "tests/test_one.py": "",
    }
    for name, text in files.items():
        path = package.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "First")
    return package
