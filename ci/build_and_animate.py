"""Build every package, install the wheels into clean environments and use the program there.

Usage: python ci/build_and_animate.py --python 3.10 --python 3.12
An interpreter that is not on the machine is skipped, but at least one must be there. The
versions pinned for development do not apply: the environments are what users get.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from email.parser import Parser
from pathlib import Path

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]

_COUNT_FRAMES = """
import av, sys
with av.open(sys.argv[1]) as video:
    print(sum(1 for _ in video.decode(video=0)))
"""


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """Run a program outside of the source tree; its stdout is returned and shown."""
    print("$", *command, flush=True)
    inherited = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=inherited | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    print(done.stdout, end="", flush=True)
    return done.stdout


def build_wheels(folder: Path) -> list[Path]:
    """Build all packages, each wheel from its source distribution."""
    for project in sorted(ROOT.glob("packages/*/pyproject.toml")):
        run("uv", "build", "--quiet", "--out-dir", folder, project.parent, folder=folder)
    return sorted(folder.glob("*.whl"))


def check_licence(wheel: Path) -> None:
    """End with a message where a wheel lacks the licence's text, or a notice that it contains."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        name = next((n for n in names if n.endswith("/licenses/LICENSE")), None)
        if name is None or archive.read(name) != (ROOT / "LICENSE").read_bytes():
            raise SystemExit(f"{wheel.name}: expected the text of LICENSE, found none or another")
    notices = [n for n in names if "/NOTICE" in n]
    if notices and not any("/licenses/" in n for n in notices):
        raise SystemExit(f"{wheel.name}: expected its notices among its licences, found none")


def admits(wheel: Path, python: str) -> bool:
    """Whether a wheel may be installed on a version of Python such as ``3.12``."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    return SpecifierSet(metadata["Requires-Python"] or "").contains(f"{python}.0")


def find_interpreter(python: str) -> str | None:
    """Path of an interpreter on the machine, or ``None``.

    It is looked for in the repository, whose ``.python-version`` makes pyenv show its own.
    """
    command = ["uv", "python", "find", "--system", "--no-python-downloads", python]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def check(interpreter: str, wheels: list[Path], folder: Path) -> None:
    """Install the wheels into a new environment and animate a second of the sample there."""
    folder.mkdir()
    environment = folder / "environment"
    run("uv", "venv", "--quiet", "--python", interpreter, environment, folder=folder)
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    python = programs / "python"
    run("uv", "pip", "install", "--quiet", "--python", python, *wheels, folder=folder)
    cache = {"FOMM_CACHE": str(folder / "cache")}
    run(programs / "fomm", "--version", folder=folder)
    run(programs / "fomm", "doctor", folder=folder, **cache)
    run(programs / "fomm", "animate", "--end", "1", folder=folder, **cache)
    results = list((folder / "result").rglob("*.mp4"))
    if len(results) != 1:
        raise SystemExit(f"fomm animate: expected one video, found {len(results)}")
    if int(run(python, "-c", _COUNT_FRAMES, results[0], folder=folder)) == 0:
        raise SystemExit(f"fomm animate: {results[0].name} has no frames")


def main() -> int:
    """Build once, then check on each interpreter."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", action="append", required=True, help="version, such as 3.12")
    versions: list[str] = parser.parse_args().python
    interpreters = {version: find_interpreter(version) for version in versions}
    if not any(interpreters.values()):
        print(f"expected a Python of {', '.join(versions)} on this machine, found none")
        return 1
    with tempfile.TemporaryDirectory() as temporary:
        wheels = build_wheels(Path(temporary))
        for wheel in wheels:
            check_licence(wheel)
        for version, interpreter in interpreters.items():
            if interpreter is None:
                print(f"skipped: this machine has no Python {version}")
                continue
            chosen = [wheel for wheel in wheels if admits(wheel, version)]
            check(interpreter, chosen, Path(temporary) / version)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd[0]}: expected exit code 0, found {error.returncode}")
