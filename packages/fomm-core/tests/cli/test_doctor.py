from __future__ import annotations

import json

import pytest

from fomm_core import errors
from fomm_core.cli import environment as report
from fomm_core.cli.main import run
from fomm_core.devices import DeviceTrial
from fomm_core.engine.fake import FakeEngine
from fomm_core.engine.registry import engine_names, find_engine
from fomm_core.engine.spec import EngineStatus
from fomm_core.errors import DeviceError
from fomm_core.loading import Model


@pytest.fixture
def engines(monkeypatch):
    """Pretend that these engines are usable."""

    def pretend(*usable: str) -> None:
        statuses = [
            EngineStatus(name, name in usable, "" if name in usable else f"no {name} here", "1.2")
            for name in engine_names()
        ]

        def choose(wanted, obstacle):
            if not usable:
                raise errors.EngineError("no engine can run")
            return find_engine(usable[0])

        monkeypatch.setattr(report, "available_engines", lambda: statuses)
        monkeypatch.setattr(report, "choose_engine", choose)

    return pretend


def doctor_json(capsys, code=0):
    assert run(["doctor", "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_the_json_tells_of_this_very_machine(capsys):
    import numpy as np

    from fomm_core import __version__

    found = doctor_json(capsys)
    assert found["packages"]["fomm-core"] == __version__
    assert found["libraries"]["numpy"] == np.__version__
    assert found["machine"]["cores"] >= 1
    assert [engine["name"] for engine in found["engines"]] == list(engine_names())
    assert found["auto"]["engine"] in {e["name"] for e in found["engines"] if e["usable"]}


def test_nnabla_is_usable_only_where_it_is_installed(capsys):
    found = doctor_json(capsys)
    (nnabla,) = (engine for engine in found["engines"] if engine["name"] == "nnabla")
    assert nnabla["usable"] == (found["libraries"]["nnabla"] is not None)
    assert nnabla["usable"] or "fomm-core[nnabla]" in nnabla["reason"]


def test_unusable_engines_are_told_with_their_reason(engines, capsys):
    engines("nnabla")
    assert run(["doctor"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "openvino no openvino here" in lines
    assert "nnabla usable, version 1.2" in lines
    assert any(line.startswith("auto runs nnabla: ") for line in lines)


def test_devices_are_told_with_their_trial(monkeypatch, capsys):
    trials = (
        DeviceTrial("torch", "cuda:0", "NVIDIA H200", True, ""),
        DeviceTrial("torch", "cuda:1", "", False, "no answer within 60 s"),
    )
    monkeypatch.setattr(report, "has_module", lambda name: name == "torch")
    monkeypatch.setattr(report, "try_devices", lambda library: trials)
    assert doctor_json(capsys)["devices"][1]["reason"] == "no answer within 60 s"
    assert run(["doctor"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "torch cuda:0 NVIDIA H200: usable, computes as the CPU does" in lines
    assert "torch cuda:1 not usable: no answer within 60 s" in lines


def test_what_a_device_leaves_to_the_cpu_is_told(engines, monkeypatch, capsys):
    engines("openvino", "onnxruntime")

    class Started(FakeEngine):
        left_on_cpu = ("motion",)

    def start(files, choice):
        if choice.device == "npu":
            raise DeviceError("expected enough memory, found less; close what else uses it")
        return Model("avatar", files.config, Started())

    trials = {
        "openvino": (
            DeviceTrial("openvino", "gpu", "Intel Arc", True, ""),
            DeviceTrial("openvino", "npu", "", True, ""),
        ),
        "onnxruntime": (DeviceTrial("onnxruntime", "cuda:0", "", True, "", 31.5),),
    }
    monkeypatch.setattr(report, "has_module", lambda name: False)
    monkeypatch.setattr(report, "_finds_more_than_cpu", lambda engine: True)
    monkeypatch.setattr(report, "try_devices", trials.get)
    monkeypatch.setattr(report, "start_model", start)
    assert run(["doctor"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    usable = "usable, computes as the CPU does"
    assert f"openvino gpu Intel Arc: {usable}; leaves to the CPU: motion" in lines
    assert any(line.startswith(f"openvino npu {usable}; leaves") for line in lines)
    assert any(line.startswith(f"onnxruntime cuda:0 {usable}, 31.5 times as f") for line in lines)


def test_where_there_is_no_accelerator_it_is_said(monkeypatch, capsys):
    monkeypatch.setattr(report, "has_module", lambda name: False)
    assert doctor_json(capsys)["devices"] == []
    assert run(["doctor"]) == 0
    assert "accelerators  none found by the installed libraries" in capsys.readouterr().out


def test_precisions_are_told_only_with_openvino(engines, capsys):
    engines("nnabla")
    assert doctor_json(capsys)["precisions"] == []
    engines("openvino")
    assert doctor_json(capsys)["precisions"][0] == "fp32"


def test_where_nothing_can_run_the_exit_code_says_so(engines, capsys):
    engines()
    assert doctor_json(capsys, code=2)["auto"] == {"engine": None, "reason": "no engine can run"}
    assert run(["doctor"]) == 2
    assert "  no engine can run" in capsys.readouterr().out.splitlines()


def test_the_cache_is_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FOMM_CACHE", str(tmp_path / "cache"))
    assert doctor_json(capsys)["cache"] == {
        "folder": str(tmp_path / "cache"),
        "files": 0,
        "size_mb": 0.0,
    }
    (tmp_path / "cache" / "zoo").mkdir(parents=True)
    (tmp_path / "cache" / "zoo" / "a.h5").write_bytes(bytes(1_500_000))
    (tmp_path / "cache" / "b.onnx").write_bytes(bytes(500_000))
    found = doctor_json(capsys)["cache"]
    assert (found["files"], found["size_mb"]) == (2, 2.0)


def test_a_library_that_is_absent_has_no_version(monkeypatch, capsys):
    monkeypatch.setattr(report, "LIBRARIES", ("numpy", "no-such-library-here"))
    assert doctor_json(capsys)["libraries"]["no-such-library-here"] is None
    assert run(["doctor"]) == 0
    assert "no-such-library-here  not installed" in capsys.readouterr().out
