"""Running commands as users do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fomm_core.cli.main import run


@dataclass(frozen=True)
class Ran:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """The one line of a command that the user can mend."""
        assert (self.code, self.out) == (2, ""), (self.code, self.out, self.err)
        assert "Traceback" not in self.err
        line = self.err.splitlines()[-1]
        assert line.startswith("fomm: error: ")
        return line.removeprefix("fomm: error: ")


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def fomm(here, capfd) -> Callable[..., Ran]:
    """Run a command in this process."""

    def call(*words: object) -> Ran:
        capfd.readouterr()
        code = run([str(word) for word in words])
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def data(here, put, frames) -> Path:
    """A data set of two short test videos of the embedded model's size."""
    put.video(here / "data" / "test" / "one.mp4", frames(4, 1, 128))
    put.folder(here / "data" / "test" / "two", frames(3, 2, 128))
    return here / "data"
