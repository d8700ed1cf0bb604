"""Release one package: check that version, change log and tag agree, build, tag.

Usage: python tools/release.py fomm-core [--execute]
Without --execute nothing stays: the build goes to a temporary folder and no tag is made.
Uploading is left to the person who releases.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from workspace import ROOT, Package, find_packages


def git(root: Path, *arguments: str) -> str:
    """Run a git command; what it prints, without the line's end."""
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def objections(root: Path, package: Package) -> Iterator[str]:
    """Why the package cannot be released as it lies in the repository."""
    heading, changes = package.newest_changes()
    if heading != package.version:
        yield f"version {package.version}, but the change log begins with {heading}"
    if not changes:
        yield f"the change log says nothing about {heading}"
    if git(root, "status", "--porcelain", "--", str(package.folder)):
        yield "files of the package are not committed"
    if git(root, "tag", "--list", package.tag):
        tagged, head = git(root, "rev-list", "-n1", package.tag), git(root, "rev-parse", "HEAD")
        if tagged != head:
            yield f"the tag {package.tag} exists at {tagged[:10]}, not at HEAD; raise the version"


def build(package: Package, folder: Path) -> list[Path]:
    """Build the source distribution and, from it, the wheel."""
    command = ["uv", "build", "--quiet", "--out-dir", str(folder), str(package.folder)]
    subprocess.run(command, check=True)
    stem = f"{package.source.name}-{package.version}"
    return sorted([*folder.glob(f"{stem}-*.whl"), *folder.glob(f"{stem}.tar.gz")])


def release(root: Path, package: Package, *, execute: bool) -> int:
    """Check, build and, with ``execute``, tag; returns the exit code."""
    found = list(objections(root, package))
    for objection in found:
        print(f"{package.name}: {objection}")
    if found:
        return 1
    with tempfile.TemporaryDirectory() as temporary:
        for path in build(package, root / "dist" if execute else Path(temporary)):
            print(f"built {path.name} ({path.stat().st_size / 1000:.0f} kB)")
    if not execute:
        print(f"{package.tag} could be released; repeat with --execute")
        return 0
    if not git(root, "tag", "--list", package.tag):
        git(root, "tag", "--annotate", package.tag, "--message", package.newest_changes()[1])
    print(f"tagged {package.tag}; push the tag and upload what lies in dist")
    return 0


def main() -> int:
    """Read the command line."""
    packages = {package.name: package for package in find_packages()}
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("package", choices=packages)
    parser.add_argument("--execute", action="store_true", help="keep the build and make the tag")
    arguments = parser.parse_args()
    return release(ROOT, packages[arguments.package], execute=arguments.execute)


if __name__ == "__main__":
    sys.exit(main())
