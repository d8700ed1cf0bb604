"""``fomm bench``: the speed of this machine, engine by engine in one run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fomm_core.cli.bench_tables import format_markdown, format_table, format_work
from fomm_core.cli.options import device_option, model_options
from fomm_core.cli.param_types import FiniteRange
from fomm_core.cli.signals import ended_like_interrupted
from fomm_core.engine.registry import engine_names, require_device
from fomm_core.engine.spec import PRECISIONS, EngineChoice, has_module, parse_precision
from fomm_core.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from fomm_core.loading import Model
    from fomm_core.model.files import ModelFiles
    from fomm_core.pipeline.bench_report import BenchResult, Measurement

PYTORCH = EngineChoice("pytorch")
"""What ``--compare`` measures beside the engines."""


@click.command(name="bench")
@model_options
@click.option(
    "--engine",
    "engines",
    type=click.Choice(engine_names()),
    multiple=True,
    help="Measure this engine; may be repeated [default: all that are there].",
)
@click.option(
    "--precision",
    "precisions",
    type=click.Choice(PRECISIONS),
    multiple=True,
    help="Measure this precision; may be repeated [default: all that are there].",
)
@device_option
@click.option(
    "--seconds",
    type=FiniteRange(0.0, 3600.0),
    default=5.0,
    show_default=True,
    help="About how long to animate with each engine.",
)
@click.option("--compare", is_flag=True, help="Also measure PyTorch on the same networks.")
@click.option("--json", "form", flag_value="json", help="Print one JSON object.")
@click.option(
    "--markdown", "form", flag_value="markdown", help="Print a table in the form of the READMEs."
)
@click.option("--child", is_flag=True, hidden=True, help="Measure in this process.")
def command(
    engines: Sequence[str],
    precisions: Sequence[str],
    device: str,
    seconds: float,
    compare: bool,
    form: str | None,
    child: bool,
    **model: Any,
) -> None:
    """Measure time per stage, frames per second, first frame, memory and work.

    Each engine runs in a process of its own, from video file to video file. With --config
    and without --params the networks get random parameters: speed does not depend on them.

    \b
    Examples:
      fomm bench
      fomm bench --config vox-256
      fomm bench --model my-model --engine openvino --json
      fomm bench --device gpu
      fomm bench --config vox-256 --compare
    """  # noqa: D301 - click reads the backspace itself
    if child:
        choice = PYTORCH if compare else _only_choice(engines, precisions, device)
        _measure_here(model["model"], choice, seconds)
        return
    results = []
    with ended_like_interrupted(), _prepared(**model) as folder:
        choices = _combinations(folder, engines, precisions, device)
        for choice in [*choices, *(_comparison() if compare else [])]:
            if form is None:
                click.echo(f"measuring {choice.engine}, {choice.precision} ...", err=True)
            results.append(_measure_apart(folder, choice, seconds))
        gmac = _stage_gmac(folder)
    click.echo(_laid_out(_with_work(results, gmac), form))


def _with_work(
    measured: Sequence[Measurement], stage_gmac: Mapping[str, float]
) -> tuple[BenchResult, ...]:
    from fomm_core.pipeline.bench_report import with_work

    return tuple(with_work(each, stage_gmac) for each in measured)


def _laid_out(results: tuple[BenchResult, ...], form: str | None) -> str:
    """The results as text to print, as JSON or as a table in Markdown."""
    if form == "json":
        from fomm_core.pipeline.bench_report import BenchReport
        from fomm_core.utils.machine import describe_machine

        return BenchReport(describe_machine(), results).to_json()
    if form == "markdown":
        return format_markdown(results)
    return f"{format_table(results)}\n\n{format_work(results)}"


@contextmanager
def _prepared(model: str | None, config: Path | None, params: Path | None) -> Iterator[str]:
    """A model that every engine can load: as named, or exported for this run alone."""
    from fomm_core.model.finding import DEFAULT_MODEL

    if config is None and params is None:
        yield model or DEFAULT_MODEL
        return
    if config is None or model is not None:
        raise ConfigError("expected either --model, or --config with or without --params")
    from fomm_core.config import load_config
    from fomm_core.export.exporter import export_bundle, random_parameters, require_exporter
    from fomm_core.model.bundle import ModelCard
    from fomm_core.model.parameters import load_parameters

    settings = load_config(config)
    require_exporter(settings)
    with tempfile.TemporaryDirectory(prefix="fomm-bench-") as folder:
        name = config.stem
        parameters = random_parameters(settings) if params is None else load_parameters(params)
        bundle = Path(folder, name)
        export_bundle(bundle, ModelCard(name=name, config=settings), parameters)
        yield str(bundle)


def _combinations(
    model: str, engines: Sequence[str], precisions: Sequence[str], device: str
) -> list[EngineChoice]:
    """The engines and precisions to measure: those asked for, or all that can run.

    Raises:
        EngineError: none can, one of those asked for cannot, or the device is not there.
    """
    from fomm_core.loading import usable_engines
    from fomm_core.model.finding import find_model

    if device:
        require_device("auto", device)
    usable = usable_engines(find_model(model), device)
    known = ", ".join(f"{engine} {precision}" for engine, precision in usable) or "none"
    for engine in engines:
        if engine not in dict(usable):
            raise EngineError(f"expected an engine that can run here ({known}), found {engine}")
    found = [
        EngineChoice(engine, precision, device=device)
        for engine, precision in usable
        if (not engines or engine in engines) and (not precisions or precision in precisions)
    ]
    if not found:
        wanted = " and ".join(precisions) or "any"
        raise EngineError(f"expected what can run here ({known}), found {wanted} asked for")
    return found


def _comparison() -> list[EngineChoice]:
    """PyTorch, where it is installed; else a line says what to install."""
    if has_module("torch"):
        return [PYTORCH]
    click.echo("pytorch: not installed: pip install 'fomm-core[torch]'", err=True)
    return []


def _stage_gmac(model: str) -> dict[str, float]:
    """Multiplications with additions, in 10^9, of each stage's exported graph."""
    from fomm_core.graphs.onnx_graph import OnnxGraph
    from fomm_core.graphs.work import count_macs
    from fomm_core.loading import graphs_of
    from fomm_core.model.finding import find_model

    graphs = graphs_of(find_model(model))
    return {stage: count_macs(OnnxGraph.load(path)) / 1e9 for stage, path in graphs.items()}


def _measure_apart(model: str, choice: EngineChoice, seconds: float) -> Measurement:
    """Measure in a fresh process, whose start and memory are then the engine's own."""
    from fomm_core.pipeline.bench_report import Measurement

    words = ["bench", "--child", "--model", model, "--seconds", str(seconds), *_words_of(choice)]
    program = [sys.executable, "-m", "fomm_core.cli.main", *words]
    # Interrupted, it is killed: what it then leaves lies in a folder of this process.
    with tempfile.TemporaryDirectory(prefix="fomm-bench-") as folder:
        surroundings = {**os.environ, "TMPDIR": folder}
        done = subprocess.run(
            program, capture_output=True, text=True, env=surroundings, check=False
        )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        what = f"{choice.engine} {choice.precision}"
        raise EngineError(f"{what}: {lines[-1].removeprefix('fomm: error: ')}")
    return Measurement.from_json(done.stdout.splitlines()[-1])


def _only_choice(engines: Sequence[str], precisions: Sequence[str], device: str) -> EngineChoice:
    """The engine that :func:`_words_of` named."""
    return EngineChoice(engines[0], parse_precision(precisions[0]), device=device)


def _words_of(choice: EngineChoice) -> list[str]:
    """The options by which the other process knows what to measure."""
    if choice == PYTORCH:
        return ["--compare"]
    device = ["--device", choice.device] if choice.device else []
    return ["--engine", choice.engine, "--precision", choice.precision, *device]


def _measure_here(model: str, choice: EngineChoice, seconds: float) -> None:
    from fomm_core.loading import start_model
    from fomm_core.model.finding import find_model
    from fomm_core.pipeline.benchmark import measure

    files = find_model(model)
    start = _start_pytorch if choice == PYTORCH else partial(start_model, choice=choice)
    with start(files) as loaded:
        click.echo(measure(loaded, seconds).to_json())


def _start_pytorch(files: ModelFiles) -> Model:
    """The model in PyTorch, on all cores or as many threads as ``OMP_NUM_THREADS`` says.

    Its parameters are random where it has none by name.
    """
    from fomm_core.engine.torch import TorchEngine
    from fomm_core.loading import Model
    from fomm_core.model.parameters import load_parameters
    from fomm_core.utils.machine import usable_cores

    parameters = {} if files.parameters is None else load_parameters(files.parameters)
    threads = 0 if "OMP_NUM_THREADS" in os.environ else usable_cores()
    engine = TorchEngine(files.config, parameters, threads=threads)
    return Model(files.name, files.config, engine, files.framing)
