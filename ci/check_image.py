"""Check the image of the page without a container tool: its steps in clean environments.

Usage: python ci/check_image.py [--dockerfile ci/images/demo.Dockerfile]
Each stage is a folder with an environment of the Python that its base image has. Files are copied
and commands run there, absolute paths standing for those below the folder; what only a container
can do (accounts, owners) is skipped, and said. At the end the server of the entry point has to
pass the health check, and to end in order when it is told to.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_SECONDS_TO_START = 180
_SECONDS_TO_STOP = 15
_ONLY_IN_CONTAINERS = ("useradd",)
_OWNER = re.compile(r"--owner \S+ ?")
_MOUNT = re.compile(r"--mount=type=bind,from=(\w+),source=(\S+?),target=(\S+)\s*")


@dataclass
class Stage:
    """A stage of the image, as a folder.

    Attributes:
        folder: stands for the root of its files.
        python: the version of its base image.
        work: the working folder, as a path of the image.
        variables: those that ENV sets.
        mounted: folders of other stages by their places in this one.
    """

    folder: Path
    python: str
    work: str = "/"
    variables: dict[str, str] = field(default_factory=dict)
    mounted: dict[str, Path] = field(default_factory=dict)

    def place(self, path: str) -> Path:
        """The place of a path of the image."""
        whole = path if path.startswith("/") else f"{self.work.rstrip('/')}/{path}"
        for target, source in self.mounted.items():
            if whole == target or whole.startswith(f"{target}/"):
                return source / whole[len(target) :].lstrip("/")
        return self.folder / whole.lstrip("/")

    def environment(self) -> dict[str, str]:
        """The variables of its programs: its own Python first, nothing of this one's."""
        outer = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        own = {name: self.placed(value) for name, value in self.variables.items()}
        return outer | own | {"PATH": f"{self.folder / 'python' / 'bin'}:{os.environ['PATH']}"}

    def placed(self, text: str) -> str:
        """A text whose absolute paths are places."""
        return re.sub(r"(?<![\w.:/])/[a-z][\w./-]*", lambda path: str(self.place(path[0])), text)


def read_instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield instructions and their arguments, without comments, continued lines joined."""
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for line in re.sub(r"\\\n\s*", " ", kept).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, rest.strip()


def start_stage(base: str, folder: Path) -> Stage:
    """Make the environment that an image such as ``python:3.12-slim`` has."""
    version = base.partition(":")[2].partition("-")[0]
    command = ["uv", "venv", "--quiet", "--seed", "--python", version, str(folder / "python")]
    subprocess.run(command, check=True)
    return Stage(folder, version)


def run(stage: Stage, stages: dict[str, Stage], command: str) -> None:
    """Run the commands of one RUN in order."""
    for name, source, target in _MOUNT.findall(command):
        stage.mounted[target] = stages[name].place(source)
    for part in _MOUNT.sub("", command).split("&&"):
        words = part.strip()
        if words.startswith(_ONLY_IN_CONTAINERS):
            print("skipped outside of a container:", words)
            continue
        done = stage.placed(_OWNER.sub("", words))
        print("$", words, flush=True)
        work = stage.place(stage.work)
        work.mkdir(parents=True, exist_ok=True)
        subprocess.run(shlex.split(done), cwd=work, env=stage.environment(), check=True)


def build(dockerfile: Path, folder: Path) -> tuple[Stage, dict[str, str]]:
    """Follow the instructions; returns the last stage and those that describe how it runs."""
    stages: dict[str, Stage] = {}
    running: dict[str, str] = {}
    stage = None
    for word, rest in read_instructions(dockerfile.read_text(encoding="utf-8")):
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = start_stage(base, folder / (name or "last"))
            stages[name] = stage
        elif stage is None:
            raise SystemExit(f"{dockerfile}: expected FROM first, found {word}")
        elif word == "WORKDIR":
            stage.work = rest
        elif word == "COPY":
            source, target = rest.split()
            ignored = shutil.ignore_patterns(".venv", "__pycache__", "dist")
            shutil.copytree(ROOT / source, stage.place(target), ignore=ignored)
        elif word == "ENV":
            stage.variables |= dict(pair.split("=", 1) for pair in shlex.split(rest))
        elif word == "RUN":
            run(stage, stages, rest)
        else:
            running[word] = rest
    if stage is None:
        raise SystemExit(f"{dockerfile}: expected a stage, found none")
    return stage, running


def serve(stage: Stage, entry_point: list[str], health: list[str]) -> None:
    """Start the server, wait until it is healthy, and tell it to end."""
    server = subprocess.Popen(entry_point, cwd=stage.folder, env=stage.environment())
    try:
        deadline = time.monotonic() + _SECONDS_TO_START
        while subprocess.run(health, env=stage.environment(), stderr=subprocess.DEVNULL).returncode:
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the server: expected it to become healthy, found it not")
            time.sleep(1)
        print("healthy")
        server.send_signal(signal.SIGTERM)
        if (code := server.wait(_SECONDS_TO_STOP)) != 0:
            raise SystemExit(f"the server: expected exit code 0, found {code}")
    finally:
        server.kill()


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dockerfile", type=Path, default=ROOT / "ci/images/demo.Dockerfile")
    with tempfile.TemporaryDirectory() as temporary:
        stage, running = build(parser.parse_args().dockerfile, Path(temporary))
        health = running["HEALTHCHECK"].partition("CMD")[2].strip()
        serve(stage, json.loads(running["ENTRYPOINT"]), json.loads(health))
    print("the image's steps work")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd[0]}: expected exit code 0, found {error.returncode}")
