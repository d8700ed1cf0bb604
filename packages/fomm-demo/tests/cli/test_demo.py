from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from fomm_demo.cli.demo import command
from fomm_demo.settings import Account, Settings


@pytest.fixture
def served(monkeypatch) -> list[Settings]:
    seen: list[Settings] = []
    monkeypatch.setattr("fomm_demo.web.server.serve", lambda settings, say: seen.append(settings))
    return seen


def test_without_options_it_is_for_this_machine_alone(served):
    assert CliRunner().invoke(command, []).exit_code == 0

    assert served == [Settings()]
    assert (served[0].host, served[0].share) == ("127.0.0.1", False)


def test_options_become_settings(served, tmp_path):
    (tmp_path / "accounts").write_text("ann:secret\n")
    options = "--host 0.0.0.0 --port 80 --share --max-upload-mb 9 --max-seconds 8 --max-pixels 5000"
    options += (
        " --keep-minutes 7 --queue-size 6 --concurrency 5 --root-path /a/ --model m --model n"
    )
    result = CliRunner().invoke(command, [*options.split(), "--auth", str(tmp_path / "accounts")])
    settings = served[0]
    limits = settings.limits

    assert result.exit_code == 0
    assert (settings.host, settings.port, settings.share) == ("0.0.0.0", 80, True)
    assert (limits.upload_mb, limits.seconds, limits.pixels, limits.keep_minutes) == (9, 8, 5000, 7)
    assert (settings.queue_size, settings.concurrency, settings.root_path) == (6, 5, "/a")
    assert settings.models == ("m", "n")
    assert settings.accounts == (Account("ann", "secret"),)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "nothing"], "expected a model folder or one of"),
        (["--auth", "nothing"], "expected a file of accounts"),
        (["--host", "host.invalid"], "cannot listen there"),
        (["--queue-size", "0"], "Invalid value for '--queue-size'"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(program, tmp_path, options, message):
    done = subprocess.run(
        [*program, "demo", *options], capture_output=True, text=True, cwd=tmp_path
    )

    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_the_command_is_imported_without_gradio():
    code = "import fomm_demo.cli.demo, sys; print('gradio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
