"""The tables have the form of those in the READMEs. The environment ``docs`` runs this."""

from __future__ import annotations

import pytest

pytest.importorskip("fomm_core", reason="run by the environment docs")

from speed_tables import HEADER, rates_table
from workspace import ROOT

MACHINE = {"cpu": "a processor", "cpu_features": ["avx2", "avx512f", "avx512_bf16"]}
RESULTS = [
    {"engine": "openvino", "precision": "fast", "fps": 9.44},
    {"engine": "openvino", "precision": "fp32", "fps": 5.38},
    {"engine": "onnxruntime", "precision": "fp32", "fps": 4.0},
    {"engine": "nnabla", "precision": "fp32", "fps": 0.163},
]


def test_the_first_is_that_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    header, rule, line = rates_table(MACHINE, RESULTS).splitlines()
    assert f"{header}\n{rule}\n" in readme
    assert header == HEADER
    assert line == "| AVX-512, bfloat16 | 0.16 | - | 5.4 | 9.4 |"


@pytest.mark.parametrize(
    ("features", "name"),
    [(["avx2"], "AVX2"), (["avx2", "avx512f"], "AVX-512"), ([], "a processor")],
)
def test_a_machine_is_named_by_its_instructions(features, name):
    table = rates_table({**MACHINE, "cpu_features": features}, RESULTS)
    assert table.splitlines()[-1].startswith(f"| {name} | ")
