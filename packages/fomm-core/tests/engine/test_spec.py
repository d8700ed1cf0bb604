from __future__ import annotations

from dataclasses import replace

import pytest

from fomm_core._version import __version__
from fomm_core.engine.fake import FAKE
from fomm_core.engine.spec import PRECISIONS, has_module, package_version, parse_precision
from fomm_core.errors import EngineError


def test_all_precisions_are_read_and_nothing_else():
    assert [parse_precision(name) for name in PRECISIONS] == ["fp32", "int8", "fast"]
    with pytest.raises(
        EngineError, match=r"^precision: expected fp32, int8 or fast, found 'int4'$"
    ):
        parse_precision("int4")


def test_the_machine_may_lack_precisions_of_an_engine():
    both = replace(FAKE, precisions=("fp32", "fast"))
    assert both.precisions_here() == ("fp32", "fast")
    assert replace(both, has_precision=lambda p, device: p == "fp32").precisions_here() == ("fp32",)


def test_an_engine_has_no_obstacle_unless_it_says_so():
    assert FAKE.obstacle(None, "fp32") == ""
    assert not FAKE.needs_graphs


def test_modules_are_looked_for_without_a_failure(tmp_path, monkeypatch):
    (tmp_path / "fomm_test_cracked").mkdir()
    (tmp_path / "fomm_test_cracked" / "__init__.py").write_text("raise OSError('no driver')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert has_module("fomm_core.engine")
    assert not has_module("fomm_test_nowhere")
    assert not has_module("fomm_test_nowhere.inside")
    assert not has_module("fomm_test_cracked.inside")


def test_the_version_of_a_package():
    assert package_version("fomm-core") == __version__
    assert package_version("fomm-test-nowhere") == ""
