from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from fomm_core.cli.main import run
from fomm_core.cli.plugins import OTHER_PACKAGES

PLUGIN = """
import logging
import click
from fomm_core.errors import ConfigError

@click.command(help="Do {name} things. And more that a list of commands need not show.")
@click.option("--count", type=int)
@click.pass_context
def command(context, count):
    {body}
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package with one command, as pip would lay it out."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def add(name: str, body: str, *, source: str | None = None) -> None:
        module = f"fomm_test_{name}"
        (tmp_path / f"{module}.py").write_text(source or PLUGIN.format(name=name, body=body))
        info = tmp_path / f"{module}-7.8.9.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: fomm-{name}\nVersion: 7.8.9\n"
        )
        (info / "entry_points.txt").write_text(f"[fomm.commands]\n{name} = {module}:command\n")

    yield add
    for module in [name for name in sys.modules if name.startswith("fomm_test_")]:
        del sys.modules[module]


def test_an_installed_command_is_listed_and_runs(install, capsys):
    install("wave", "print('waving', count)")
    assert run(["--help"]) == 0
    assert "wave" in (text := capsys.readouterr().out)
    assert "Do wave things." in text
    assert run(["wave", "--count", "3"]) == 0
    assert capsys.readouterr().out == "waving 3\n"


def test_without_a_command_the_help_is_shown(capsys):
    assert run([]) == 0
    assert "Usage: fomm" in capsys.readouterr().out


def test_a_broken_command_breaks_no_other(install, capsys):
    install("wave", "print('waving')")
    install("crack", "", source="import no_such_module_at_all\n")
    assert run(["--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "(broken: ModuleNotFoundError: No module named 'no_such_module_at_all')" in text
    assert run(["wave"]) == 0
    assert run(["crack"]) == 2
    assert capsys.readouterr().err == (
        "fomm: error: the command 'crack' is broken: "
        "ModuleNotFoundError: No module named 'no_such_module_at_all'\n"
    )


def test_something_that_is_no_command_is_broken(install, capsys):
    install("crack", "", source="command = 5\n")
    assert run(["crack"]) == 2
    assert "expected a click command at fomm_test_crack:command, found int" in (
        capsys.readouterr().err
    )


def test_commands_are_imported_only_when_called(install):
    install("wave", "pass")
    install("loud", "", source="import sys\nsys.stdout.write('imported')\ncommand = None\n")
    assert run(["wave"]) == 0
    assert "fomm_test_loud" not in sys.modules


def test_an_unknown_command_suggests_the_nearest(install, capsys):
    install("wave", "pass")
    assert run(["wafe"]) == 2
    assert capsys.readouterr().err == (
        "fomm: error: no command 'wafe'; did you mean 'wave'? (see 'fomm --help')\n"
    )
    assert run(["xyzzy"]) == 2
    assert capsys.readouterr().err == "fomm: error: no command 'xyzzy' (see 'fomm --help')\n"


def test_a_command_of_a_package_that_is_missing_names_the_package(monkeypatch, capsys):
    monkeypatch.setattr("fomm_core.cli.main.find_plugins", dict)
    assert run(["train"]) == 2
    assert "no command 'train'; it comes with: pip install fomm-train" in capsys.readouterr().err


def test_the_other_packages_have_these_commands():
    found = {}
    for project in Path(__file__).parents[3].glob("fomm-[!c]*/pyproject.toml"):
        section = project.read_text("utf-8").partition('[project.entry-points."fomm.commands"]')[2]
        for name in re.findall(r"^(\w+) = ", section.partition("\n[")[0], re.MULTILINE):
            found[name] = project.parent.name
    assert found == OTHER_PACKAGES


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("raise ConfigError('a: expected\\n b')", 2, "fomm: error: a: expected b\n"),
        ("raise KeyboardInterrupt", 130, "fomm: interrupted\n"),
        ("context.exit(5)", 5, ""),
        ("raise click.UsageError('no.')", 2, "fomm: error: no (see 'fomm fail --help')\n"),
    ],
)
def test_errors_become_one_line_and_an_exit_code(install, capfd, body, code, message):
    install("fail", body)
    assert run(["fail"]) == code
    assert capfd.readouterr().err.lstrip("\n") == message


def test_a_wrong_option_is_one_line(install, capsys):
    install("wave", "pass")
    assert run(["wave", "--count", "many"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "'many' is not a valid integer" in error


def test_a_defect_is_one_line_that_tells_of_debug(install, capsys):
    install("fail", "[][1]")
    assert run(["fail"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "unexpected IndexError: list index out of range" in error
    assert "--debug" in error


def test_debug_shows_the_traceback(install, capsys):
    install("fail", "raise ConfigError('bad key')")
    assert run(["--debug", "fail"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("Traceback")
    assert error.endswith("fomm: error: bad key\n")


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["-q"], ["error"]),
        ([], ["error", "warning"]),
        (["-v"], ["error", "warning", "info"]),
        (["-vv"], ["error", "warning", "info", "debug"]),
    ],
)
def test_log_records_reach_stderr_by_level(install, capsys, options, shown):
    install(
        "talk",
        "for level in ('error', 'warning', 'info', 'debug'):\n"
        "        getattr(logging.getLogger('fomm_core.video'), level)('hear %s', level)",
    )
    assert run([*options, "talk"]) == 0
    assert capsys.readouterr().err.splitlines() == [f"fomm: {name}: hear {name}" for name in shown]


def test_logging_is_afterwards_as_it_was(install):
    install("wave", "pass")
    logger = logging.getLogger("fomm_core")
    before = (logger.level, list(logger.handlers), logger.propagate)
    run(["-vv", "wave"])
    assert (logger.level, logger.handlers, logger.propagate) == before


def test_the_options_reach_the_command(install, capsys):
    install("show", "print(context.obj)")
    run(["-q", "--debug", "show"])
    assert capsys.readouterr().out == "GlobalOptions(verbosity=-1, debug=True)\n"


def test_version_lists_all_installed_packages(install, capsys):
    install("zeta", "pass")
    assert run(["--version"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "fomm-zeta 7.8.9" in lines
    assert lines == sorted(lines)


def test_a_closed_pipe_is_silent():
    read_end, write_end = os.pipe()
    os.close(read_end)
    program = [sys.executable, "-c", "from fomm_core.cli.main import main; main()"]
    with os.fdopen(write_end, "w") as closed:
        done = subprocess.run(
            [*program, "--help"], stdout=closed, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.stderr == ""
    assert done.returncode == 1


def test_the_frame_of_the_program_imports_nothing_heavy():
    heavy = "{'av', 'cv2', 'h5py', 'matplotlib', 'nnabla', 'numpy', 'onnx', 'openvino', 'scipy'}"
    code = f"import sys, fomm_core.cli.main; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_help_of_all_own_commands_imports_nothing_heavy():
    own = [e for e in entry_points(group="fomm.commands") if e.module.startswith("fomm_core.")]
    modules = [entry_point.module for entry_point in own]
    assert modules
    heavy = "{'av', 'cv2', 'h5py', 'matplotlib', 'nnabla', 'onnx', 'openvino', 'scipy', 'torch'}"
    code = (
        "import importlib, sys\n"
        f"for name in {modules}: importlib.import_module(name)\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == "[]\n"


def test_openvino_reports_its_import_to_nobody():
    code = (
        "import sys\n"
        "from fomm_core.cli.main import main\n"
        "asked = []\n"
        "network = {'socket.connect', 'socket.getaddrinfo'}\n"
        "sys.addaudithook(lambda event, _: asked.append(event) if event in network else None)\n"
        "sys.argv = ['fomm', 'doctor']\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print(asked, 'openvino' in sys.modules, sys.modules['openvino_telemetry'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] True None"


def test_a_refusal_of_the_system_is_no_defect(install, capsys):
    install("fail", "raise PermissionError(13, 'Permission denied', '/some/file')")
    assert run(["fail"]) == 2
    assert capsys.readouterr().err == (
        "fomm: error: /some/file: cannot be read or written: Permission denied\n"
    )


def test_a_device_that_fails_is_no_defect(install, capsys):
    install("fail", "raise RuntimeError('cuDNN error: CUDNN_STATUS_EXECUTION_FAILED\\nmore')")
    assert run(["fail"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("fomm: error: expected a device that computes, found: cuDNN error: ")
    assert "fomm doctor" in error
    assert "defect" not in error
    assert error.count("\n") == 1


def test_names_that_are_no_text_are_shown(install, capsys):
    install("fail", "raise ConfigError('caf\\udce9: bad key')")
    assert run(["fail"]) == 2
    assert capsys.readouterr().err == "fomm: error: caf\\xe9: bad key\n"
