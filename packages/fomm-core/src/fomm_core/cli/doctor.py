"""``fomm doctor``: the installed packages, the usable engines, and the one that would run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fomm_core.cli.environment import Environment, Placement
    from fomm_core.devices import DeviceTrial
    from fomm_core.engine.spec import EngineStatus
    from fomm_core.live.devices import VideoDevice
    from fomm_core.utils.machine import Machine


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """Show what is installed and which engine would run.

    Accelerators are tried: each computes a convolution, its gradients and a mean, which are
    compared with the CPU's. The exit code is 2 where nothing can run.
    """
    import json
    from dataclasses import asdict

    from fomm_core.cli.environment import inspect_environment

    environment = inspect_environment()
    if as_json:
        click.echo(json.dumps(asdict(environment), indent=2))
    else:
        click.echo("\n".join(describe(environment)))
    if environment.auto.engine is None:
        context.exit(2)


def describe(environment: Environment) -> Iterator[str]:
    """Yield the report as lines of text."""
    yield from _section("packages", environment.packages)
    yield from _section("machine", _machine_rows(environment.machine))
    rows = {status.name: _engine_text(status) for status in environment.engines}
    yield from _section("engines", rows)
    auto = environment.auto
    yield f"  auto runs {auto.engine}: {auto.reason}" if auto.engine else f"  {auto.reason}"
    yield from _section("devices", _device_rows(environment.devices, environment.placements))
    yield from _section("live", _live_rows(environment))
    libraries = environment.libraries.items()
    yield from _section("libraries", {name: found or "not installed" for name, found in libraries})
    cache = environment.cache
    files = {
        "embedded models": ", ".join(environment.embedded_models) or "none",
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


def _device_rows(
    trials: Sequence[DeviceTrial], placements: Sequence[Placement] = ()
) -> dict[str, str]:
    """The accelerators by library and name, each with the outcome of its trial."""
    if not trials:
        return {"accelerators": "none found by the installed libraries"}
    left = {(placed.engine, placed.device): placed.left_on_cpu for placed in placements}
    return {
        f"{trial.library} {trial.device}".strip(): _device_text(
            trial, left.get((trial.library, trial.device), ())
        )
        for trial in trials
    }


def _device_text(trial: DeviceTrial, left_on_cpu: Sequence[str]) -> str:
    outcome = "usable, computes as the CPU does" if trial.usable else f"not usable: {trial.reason}"
    if trial.speedup:
        outcome += f", {trial.speedup:g} times as fast"
    if left_on_cpu:
        outcome += f"; leaves to the CPU: {', '.join(left_on_cpu)}"
    return f"{trial.model}: {outcome}" if trial.model else outcome


def _live_rows(environment: Environment) -> dict[str, str]:
    """The cameras and the loopback devices; where there are none, how one is made."""
    from fomm_core.live.devices import HOW_TO_LOOP_BACK

    def listed(devices: Sequence[VideoDevice]) -> str:
        return ", ".join(f"{device.name} ({device.description})" for device in devices)

    none = "none found"
    if environment.machine.system.startswith("Linux"):
        none += f"; make one: {HOW_TO_LOOP_BACK}"
    return {
        "cameras": listed(environment.cameras) or "none found",
        "loopbacks": listed(environment.loopbacks) or none,
    }


def _engine_text(status: EngineStatus) -> str:
    """The state of an engine; where it offers a choice of precisions, those it has here."""
    from fomm_core.engine.registry import find_engine

    if not status.usable:
        return status.reason
    spec = find_engine(status.name)
    shown = " or ".join(spec.precisions_here()) if len(spec.precisions) > 1 else ""
    choice = f", precision {shown}" if shown else ""
    return f"usable, version {status.version}{choice}"
