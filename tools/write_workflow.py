"""Write the workflow of continuous integration from the environments of tox.

    uv run python tools/write_workflow.py

There is a job for each environment that ``tox list`` shows; each does what ``.ci/run`` does. A
test fails where the file is not what this writes.
"""

from __future__ import annotations

from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

from workspace import ROOT

WORKFLOW = Path(".github", "workflows", "ci.yml")
"""Of the repository."""

_HEAD = """\
# Written by tools/write_workflow.py from tox.ini: change that, then run it again.
name: ci
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
concurrency:
  group: ${{ github.workflow }}-${{ github.ref }}
  cancel-in-progress: true
jobs:
  tox:
    name: ${{ matrix.environment }}
    runs-on: ubuntu-latest
    # Debian: .ci/run installs its Chromium and Mesa. The full image has git and a compiler.
    container: python:3.12-trixie
    timeout-minutes: 40
    strategy:
      fail-fast: false
      matrix:
        include:
"""

_STEPS = """\
    steps:
      - uses: actions/checkout@v4
      - run: git config --global --add safe.directory "$GITHUB_WORKSPACE"
      # What an environment takes from another one: installed, its tests left to its own job.
      - if: matrix.needs != ''
        run: .ci/run run --notest -e ${{ matrix.needs }}
      - run: .ci/run run -e ${{ matrix.environment }}
"""


@dataclass(frozen=True)
class Environment:
    """An environment of tox.

    Attributes:
        name: as ``tox -e`` takes it.
        needs: names of those it depends on, separated by commas.
    """

    name: str
    needs: str


def read_environments(tox_ini: Path) -> list[Environment]:
    """Read the environments that tox runs by default, in its order."""
    parser = ConfigParser(interpolation=None)
    parser.read(tox_ini, encoding="utf-8")
    names = parser["tox"]["env_list"].replace("\n", ",").split(",")
    return [
        Environment(name, parser.get(f"testenv:{name}", "depends", fallback=""))
        for name in (word.strip() for word in names)
        if name
    ]


def compose(environments: list[Environment]) -> str:
    """Compose the workflow's text."""
    lines = [f'          - {{environment: {e.name}, needs: "{e.needs}"}}\n' for e in environments]
    return _HEAD + "".join(lines) + _STEPS


def main() -> None:
    """Write the file."""
    text = compose(read_environments(ROOT / "tox.ini"))
    (ROOT / WORKFLOW).write_text(text, encoding="utf-8")
    print(f"{WORKFLOW}: {text.count('environment: ')} environments")


if __name__ == "__main__":
    main()
