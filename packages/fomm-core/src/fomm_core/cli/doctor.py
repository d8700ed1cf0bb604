"""``fomm doctor``: what is installed, which engines are usable, and which would run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fomm_core.cli.environment import Environment
    from fomm_core.engine import EngineStatus
    from fomm_core.utils.machine import Machine


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """Show what is installed and which engine would run.

    The exit code is 2 where nothing can run.
    """
    import json
    from dataclasses import asdict

    from fomm_core.cli.environment import inspect_environment

    installation = inspect_environment()
    if as_json:
        click.echo(json.dumps(asdict(installation), indent=2))
    else:
        click.echo("\n".join(describe(installation)))
    if installation.auto.engine is None:
        context.exit(2)


def describe(installation: Environment) -> Iterator[str]:
    """The report as lines of text."""
    yield from _section("packages", installation.packages)
    yield from _section("machine", _machine_rows(installation.machine))
    rows = {status.name: _engine_text(status) for status in installation.engines}
    if installation.precisions:
        rows["openvino"] += f", precision {' or '.join(installation.precisions)}"
    yield from _section("engines", rows)
    auto = installation.auto
    yield f"  auto runs {auto.engine}: {auto.reason}" if auto.engine else f"  {auto.reason}"
    libraries = installation.libraries.items()
    yield from _section("libraries", {name: found or "not installed" for name, found in libraries})
    cache = installation.cache
    files = {
        "embedded models": ", ".join(installation.embedded_models) or "none",
        "cache": f"{cache.folder} ({cache.files} files, {cache.size_mb} MB)",
    }
    yield from _section("files", files)


def _section(title: str, rows: dict[str, str]) -> Iterator[str]:
    yield title
    width = max((len(name) for name in rows), default=0)
    for name, text in rows.items():
        yield f"  {name:<{width}}  {text}"


def _machine_rows(machine: Machine) -> dict[str, str]:
    return {
        "system": f"{machine.system}, Python {machine.python}",
        "cpu": f"{machine.cpu}, {machine.cores} cores usable",
        "features": " ".join(machine.cpu_features) or "unknown",
        "memory": f"{machine.memory_gb} GiB",
        "gpu": ", ".join(machine.gpus) or "none found",
    }


def _engine_text(status: EngineStatus) -> str:
    return f"usable, version {status.version}" if status.usable else status.reason
