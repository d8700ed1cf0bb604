"""The options themselves: what they accept, and what their help tells."""

from __future__ import annotations

import inspect
import itertools

import click
import pytest

from fomm_core.cli import animate, bench, export, live
from fomm_core.cli.main import make_program
from fomm_core.cli.options import engine_of, view_of
from fomm_core.engine.spec import EngineChoice
from fomm_core.errors import EngineError, FommError

COMMANDS = {
    "animate": animate.command,
    "bench": bench.command,
    "export": export.command,
    "live": live.command,
}

OF_THE_SEED = {
    *("--config", "--params", "--source", "--driving", "--out-dir", "-o", "--context", "-c"),
    *("--output-png", "--fps", "--only-generated", "--detailed", "--full"),
    *("--adapt-movement-scale", "--unuse-relative-movement", "--unuse-relative-jacobian"),
}
OF_OUR_OWN = {
    *("--model", "--engine", "--precision", "--output", "--find-best-frame", "--keep-going"),
    *("--motion-template", "--save-motion", "--fit", "--no-audio", "--start", "--end", "--smooth"),
}


def test_animate_has_every_option_of_the_seed_and_of_the_contract():
    found = {name for option in animate.command.params for name in option.opts}
    assert found >= OF_THE_SEED | OF_OUR_OWN


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_the_help_has_examples(fomm, name):
    done = fomm(name, "--help")
    assert done.code == 0
    assert "Examples:\n" in done.out
    examples = [line for line in done.out.splitlines() if line.startswith(f"    fomm {name}")]
    assert len(examples) >= 2
    shown = [param for param in COMMANDS[name].params if not getattr(param, "hidden", False)]
    for option in shown:
        if isinstance(option, click.Option):
            assert option.help
            assert all(word in done.out for word in option.opts)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_that_the_examples_name_exists(name):
    known = {word for param in COMMANDS[name].params for word in param.opts}
    lines = [
        line for line in inspect.cleandoc(COMMANDS[name].help).splitlines() if line.startswith("  ")
    ]
    words = {word for line in lines for word in line.split() if word.startswith("--")}
    assert words
    assert words <= known


def test_the_list_of_commands_tells_what_each_does():
    program = make_program()
    summaries = {name: command.get_short_help_str(80) for name, command in COMMANDS.items()}
    assert set(summaries) <= set(program.list_commands(click.Context(program)))
    assert all(text.endswith(".") and "..." not in text for text in summaries.values())


def chosen_engine(engine: str | None, context: str) -> str:
    options = {"engine": engine, "context": context, "precision": "fp32", "device": ""}
    return engine_of({**options, "threads": 0}).engine


@pytest.mark.parametrize("engine", [None, "auto"])
def test_without_an_engine_the_context_chooses(engine):
    chosen = {c: chosen_engine(engine, c) for c in ("auto", "cpu", "cudnn")}
    assert chosen == {"auto": "auto", "cpu": "cpu", "cudnn": "nnabla-cudnn"}


@pytest.mark.parametrize("engine", ["openvino", "nnabla", "nnabla-cudnn"])
def test_the_engine_must_fit_the_context(engine):
    fitting, other = ("cudnn", "cpu") if engine == "nnabla-cudnn" else ("cpu", "cudnn")
    for context in ("auto", fitting):
        assert chosen_engine(engine, context) == engine
    with pytest.raises(EngineError, match=f"context {other}, found --engine {engine}$"):
        chosen_engine(engine, other)


def test_the_engine_is_chosen_in_one_record():
    options = {"engine": "openvino", "context": "auto", "precision": "fast", "device": "gpu"}
    options["threads"] = 3
    assert engine_of(options) == EngineChoice("openvino", "fast", 3, "gpu")
    assert engine_of(options, threads=1).threads == 1
    with pytest.raises(EngineError, match=r"^expected either --device or --context, found both$"):
        engine_of({**options, "context": "cpu"})


def test_one_view_at_a_time():
    flags = ("only_generated", "detailed", "full")
    nothing = dict.fromkeys(flags, False)
    assert view_of(nothing) == "default"
    assert [view_of({**nothing, flag: True}) for flag in flags] == ["generated", "detailed", "full"]
    for first, second in itertools.combinations(flags, 2):
        with pytest.raises(FommError, match=r"^expected one view, found --.* and --"):
            view_of({**nothing, first: True, second: True})
