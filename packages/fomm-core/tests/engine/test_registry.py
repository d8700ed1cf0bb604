"""The engines that there are, which of them runs, and what is said when none can."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fomm_core.engine import registry, spec
from fomm_core.engine.registry import (
    available_engines,
    choose_engine,
    engine_names,
    engine_specs,
    find_engine,
)
from fomm_core.engine.spec import EngineSpec, EngineStatus
from fomm_core.errors import EngineError

ENGINES = ("nnabla-cudnn", "openvino", "onnxruntime", "nnabla")
"""Those of this package, the fastest first."""


def free(engine: EngineSpec) -> str:
    """No engine has an obstacle."""
    return ""


@pytest.fixture
def usable(monkeypatch):
    """Pretends that only some engines can run on this machine."""

    def pretend(*names: str, accelerator: str = "") -> None:
        def pretended(engine: EngineSpec) -> EngineSpec:
            reason = "" if engine.name in names else f"no {engine.name} here"
            status = EngineStatus(engine.name, engine.name in names, reason, "1.0")
            found = accelerator if engine.name == "onnxruntime" else ""
            return replace(engine, status=lambda: status, accelerator=lambda: found)

        specs = tuple(pretended(engine) for engine in engine_specs())
        monkeypatch.setattr(registry, "engine_specs", lambda: specs)

    return pretend


@pytest.mark.parametrize(
    ("wanted", "there", "chosen"),
    [
        ("auto", ENGINES, "nnabla-cudnn"),
        ("auto", ("openvino", "nnabla"), "openvino"),
        ("auto", ("onnxruntime", "nnabla"), "onnxruntime"),
        ("auto", ("nnabla",), "nnabla"),
        ("cpu", ENGINES, "openvino"),
        ("cpu", ("nnabla-cudnn", "nnabla"), "nnabla"),
        ("nnabla", ENGINES, "nnabla"),
        ("nnabla-cudnn", ENGINES, "nnabla-cudnn"),
        ("openvino", ENGINES, "openvino"),
    ],
)
def test_the_fastest_of_what_is_there(usable, wanted, there, chosen):
    usable(*there)
    assert choose_engine(wanted, free).name == chosen


@pytest.mark.parametrize(
    ("wanted", "there", "chosen"),
    [
        ("auto", ENGINES, "onnxruntime"),
        ("auto", ("openvino", "nnabla"), "openvino"),
        ("cpu", ENGINES, "openvino"),
        ("nnabla", ENGINES, "nnabla"),
    ],
)
def test_an_accelerator_that_passed_its_trial_comes_first(usable, wanted, there, chosen):
    usable(*there, accelerator="cuda:0")
    assert choose_engine(wanted, free).name == chosen


def test_what_the_model_lacks_counts_too(usable):
    usable(*ENGINES)
    obstacles = dict.fromkeys(ENGINES, "no params.h5") | {"openvino": ""}
    assert choose_engine("auto", lambda engine: obstacles[engine.name]).name == "openvino"
    with pytest.raises(EngineError, match=r"^no engine can run this model here: nnabla: no params"):
        choose_engine("nnabla", lambda engine: obstacles[engine.name])


def test_nothing_usable_gives_every_reason(usable):
    usable("nnabla")
    with pytest.raises(EngineError) as caught:
        choose_engine("auto", lambda engine: "the model has no params.h5")
    assert str(caught.value) == (
        "no engine can run this model here: nnabla-cudnn: no nnabla-cudnn here; "
        "openvino: no openvino here; onnxruntime: no onnxruntime here; "
        "nnabla: the model has no params.h5"
    )
    with pytest.raises(EngineError) as caught:
        choose_engine("cpu", lambda engine: "x")
    assert "cudnn" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "torch", "OpenVINO", "cudnn", "fake"])
def test_unknown_names(name):
    with pytest.raises(EngineError) as caught:
        choose_engine(name, free)
    assert str(caught.value) == (
        f"engine: expected one of auto, cpu, {', '.join(ENGINES)}, found {name!r}"
    )


def test_every_engine_has_a_status():
    found = available_engines()
    assert [status.name for status in found] == list(ENGINES)
    for status in found:
        assert status.usable == (not status.reason)
        assert "\n" not in status.reason
        assert not status.usable or status.version


@pytest.mark.parametrize(
    ("name", "package", "advice"),
    [
        ("openvino", "openvino", "pip install openvino"),
        ("onnxruntime", "onnxruntime", "pip install 'fomm-core[gpu]'"),
        ("nnabla", "nnabla", "pip install 'fomm-core[nnabla]'"),
        ("nnabla-cudnn", "nnabla_ext", "pip install 'fomm-core[cuda]'"),
    ],
)
def test_what_is_not_installed_says_how_to_install_it(monkeypatch, name, package, advice):
    find_spec = spec.find_spec
    monkeypatch.setattr(
        spec, "find_spec", lambda wanted: None if wanted == package else find_spec(wanted)
    )
    status = find_engine(name).status()
    assert not status.usable
    assert status.version == ""
    assert status.reason.startswith("not installed: ")
    assert advice in status.reason


@pytest.mark.parametrize("name", ["auto", "cpu", "torch"])
def test_an_engine_is_found_by_its_own_name_alone(name):
    assert find_engine("openvino").name == "openvino"
    with pytest.raises(EngineError, match=f"expected one of nnabla-cudnn, .*, found '{name}'"):
        find_engine(name)


def test_every_engine_offers_what_is_asked_of_it():
    for engine in engine_specs():
        assert engine.precisions[0] == "fp32"
        assert engine.device == ("gpu" if engine.name == "nnabla-cudnn" else "cpu")
        assert set(engine.precisions) <= set(spec.PRECISIONS)


DUMMY = """
from dataclasses import replace
from fomm_core.engine.fake import FAKE
from fomm_core.engine.spec import EngineStatus

ENGINE = replace(
    FAKE, name="{name}", status=lambda: EngineStatus("{name}", True, "", "1.0")
)
"""


class TestOtherPackages:
    """Engines that other packages add."""

    @pytest.fixture
    def install(self, tmp_path, monkeypatch):
        """Install a package with one engine, as pip would lay it out."""
        monkeypatch.syspath_prepend(str(tmp_path))
        engine_specs.cache_clear()

        def add(name: str, source: str) -> Path:
            module = f"fomm_test_engine_{name}".replace("-", "_")
            (tmp_path / f"{module}.py").write_text(source)
            info = tmp_path / f"{module}-7.8.9.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\n")
            (info / "entry_points.txt").write_text(f"[fomm.engines]\n{name} = {module}:ENGINE\n")
            return tmp_path

        yield add
        engine_specs.cache_clear()
        for module in [name for name in sys.modules if name.startswith("fomm_test_engine_")]:
            del sys.modules[module]

    def test_they_follow_the_own_ones_by_name(self, install, caplog):
        install("zebra", DUMMY.format(name="zebra"))
        install("ant", DUMMY.format(name="ant"))
        assert engine_names() == (*ENGINES, "ant", "zebra")
        assert tuple(engine.name for engine in engine_specs()) == engine_names()
        assert [status.name for status in available_engines()] == list(engine_names())
        assert choose_engine("ant", free) is find_engine("ant")
        assert caplog.text == ""

    def test_names_are_known_without_an_import(self, install):
        install("loud", "raise SystemExit")
        assert engine_names() == (*ENGINES, "loud")

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
            ("raise OSError('two\\nlines')", "OSError: two lines"),
            ("", "AttributeError: module 'fomm_test_engine_bad' has no attribute 'ENGINE'"),
            ("ENGINE = 5", "expected an EngineSpec at fomm_test_engine_bad:ENGINE, found int"),
            (
                DUMMY.format(name="good"),
                "expected this name at fomm_test_engine_bad:ENGINE, found 'good'",
            ),
        ],
    )
    def test_a_broken_one_is_left_out_with_one_warning(self, install, caplog, source, reason):
        install("bad", source)
        for _ in range(2):
            assert tuple(engine.name for engine in engine_specs()) == ENGINES
        assert [record.message for record in caplog.records] == [f"engine bad: left out: {reason}"]
        with pytest.raises(EngineError, match=r"found 'bad'$"):
            choose_engine("bad", free)

    def test_one_that_cannot_tell_its_status_is_not_usable(self, install):
        failing = "ENGINE = replace(ENGINE, status=lambda: 1 / 0)"
        install("sick", DUMMY.format(name="sick") + failing)
        reason = "its status fails: ZeroDivisionError: division by zero"
        assert available_engines()[-1] == EngineStatus("sick", False, reason, "")
        with pytest.raises(EngineError, match=f"sick: {reason}$"):
            choose_engine("sick", free)

    @pytest.mark.parametrize("name", ["auto", "cpu"])
    def test_the_names_of_groups_stay_theirs(self, install, name):
        install(name, DUMMY.format(name=name))
        assert engine_names() == ENGINES
        assert choose_engine(name, free).name in ENGINES

    def test_the_names_of_this_package_stay_its_own(self, install):
        install("openvino", DUMMY.format(name="openvino"))
        assert engine_names() == ENGINES
        assert find_engine("openvino").needs_graphs

    def test_the_program_runs_on_it(self, install, tmp_path, monkeypatch):
        folder = install("dummy", DUMMY.format(name="dummy"))
        install("bad", "import no_such_module")
        monkeypatch.setenv("PYTHONPATH", str(folder))
        words = ("--engine", "dummy", "--end", "0.1", "--output", tmp_path / "result.mp4")
        program = [sys.executable, "-m", "fomm_core.cli.main", "animate", *map(str, words)]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "face on fake (fp32)" in done.stderr
        assert "fomm: warning: engine bad: left out: ModuleNotFoundError" in done.stderr
        assert (tmp_path / "result.mp4").is_file()
