"""Which engine runs, and what is said when none can."""

from __future__ import annotations

import pytest

from fomm_core import engine as engines
from fomm_core.engine import ENGINES, EngineStatus, available_engines, choose_engine, engine_status
from fomm_core.errors import EngineError

FREE = dict.fromkeys(ENGINES, "")


@pytest.fixture
def usable(monkeypatch):
    """Pretends that only some engines can run on this machine."""

    def pretend(*names: str) -> None:
        def status(name: str) -> EngineStatus:
            reason = "" if name in names else f"no {name} here"
            return EngineStatus(name, name in names, reason, "1.0")

        monkeypatch.setattr(engines, "engine_status", status)

    return pretend


@pytest.mark.parametrize(
    ("wanted", "there", "chosen"),
    [
        ("auto", ENGINES, "nnabla-cudnn"),
        ("auto", ("openvino", "nnabla"), "openvino"),
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
    assert choose_engine(wanted, FREE) == chosen


def test_what_the_model_lacks_counts_too(usable):
    usable(*ENGINES)
    possible = {"nnabla-cudnn": "no params.h5", "openvino": "", "nnabla": "no params.h5"}
    assert choose_engine("auto", possible) == "openvino"
    with pytest.raises(EngineError, match=r"^no engine can run this model here: nnabla: no params"):
        choose_engine("nnabla", possible)


def test_nothing_usable_gives_every_reason(usable):
    usable("nnabla")
    with pytest.raises(EngineError) as caught:
        choose_engine("auto", {**FREE, "nnabla": "the model has no params.h5"})
    assert str(caught.value) == (
        "no engine can run this model here: nnabla-cudnn: no nnabla-cudnn here; "
        "openvino: no openvino here; nnabla: the model has no params.h5"
    )
    with pytest.raises(EngineError) as caught:
        choose_engine("cpu", {**FREE, "nnabla": "x"})
    assert "cudnn" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "torch", "OpenVINO", "cudnn", "fake"])
def test_unknown_names(name):
    with pytest.raises(EngineError) as caught:
        choose_engine(name, FREE)
    assert str(caught.value) == (
        f"engine: expected one of auto, cpu, nnabla-cudnn, openvino, nnabla, found {name!r}"
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
        ("nnabla", "nnabla", "pip install 'fomm-core[nnabla]'"),
        ("nnabla-cudnn", "nnabla_ext", "pip install 'fomm-core[cuda]'"),
    ],
)
def test_what_is_not_installed_says_how_to_install_it(monkeypatch, name, package, advice):
    find_spec = engines.find_spec
    monkeypatch.setattr(
        engines, "find_spec", lambda wanted: None if wanted == package else find_spec(wanted)
    )
    engine_status.cache_clear()
    try:
        status = engine_status(name)
    finally:
        engine_status.cache_clear()
    assert not status.usable
    assert status.version == ""
    assert status.reason.startswith("not installed: ")
    assert advice in status.reason


class TestExtensions:
    """NNabla's own extensions."""

    @pytest.fixture(autouse=True)
    def _needs_nnabla(self, nnabla):
        """There is nothing to ask without it."""

    def test_the_cpu(self):
        from fomm_core.engine.nnabla import extension_context

        assert "cpu" in str(extension_context("cpu").backend)

    def test_an_absent_one_says_how_to_install_it(self):
        from fomm_core.engine.nnabla import extension_context

        if engine_status("nnabla-cudnn").version:
            pytest.skip("the CUDA extension is installed")
        with pytest.raises(EngineError, match=r"expected NNabla with its cudnn extension, .*cuda"):
            extension_context("cudnn")

    def test_one_that_cannot_start_is_one_line(self, monkeypatch):
        from fomm_core.engine.nnabla import extension_context

        def broken(name: str) -> None:
            raise RuntimeError("target_specific error in init\nNo CUDA device")

        monkeypatch.setattr("nnabla.ext_utils.get_extension_context", broken)
        with pytest.raises(EngineError, match=r"cannot start: target_specific .* No CUDA device$"):
            extension_context("cudnn")
