"""The tables have the form of those in the READMEs. The environment ``docs`` runs this."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("fomm_core", reason="run by the environment docs")

from fomm_core.pipeline.bench_report import Measurement
from fomm_core.utils.machine import Machine
from speed_tables import COLUMNS, HEADER, IN_RATES, SUBJECTS, rates_table
from workspace import ROOT

MACHINE = Machine(
    system="Linux x86_64",
    python="3.10.0",
    cpu="a processor",
    cores=2,
    cpu_features=("avx2", "avx512f", "avx512_bf16"),
    memory_gb=16.0,
    gpus=(),
)


def measured(model, engine, precision, fps):
    return Measurement(engine, precision, "cpu", model, (256, 256), {}, fps, 1.0, 300.0)


VOX = [
    measured("vox-256", "openvino", "fast", 9.44),
    measured("vox-256", "openvino", "fp32", 5.38),
    measured("vox-256", "onnxruntime", "fp32", 4.0),
    measured("vox-256", "nnabla", "fp32", 0.163),
]
FACE = [measured("face", "openvino", "fp32", 9.64), measured("face", "pytorch", "fp32", 4.31)]


def test_the_first_is_that_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    header, rule, *lines = rates_table(MACHINE, [VOX, FACE]).splitlines()
    assert f"{header}\n{rule}\n" in readme
    assert header == HEADER
    assert lines == [
        "| vox-256 | AVX-512, bfloat16 | 0.16 | - | 5.4 | 9.4 |",
        "| face | AVX-512, bfloat16 | - | 4.3 | 9.6 | - |",
    ]


def test_every_model_is_measured_and_the_readme_names_those_of_the_first_table():
    names = [words[1] for words in SUBJECTS]
    assert names == ["vox-256", "face", "avatar"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition(HEADER)[2].partition("\n\n")[0].splitlines()[2:]
    assert {line.split(" | ")[0].removeprefix("| ") for line in table} == set(names[:IN_RATES])
    assert all(line.count("|") == len(COLUMNS) + 3 for line in table)


@pytest.mark.parametrize(
    ("features", "name"),
    [(("avx2",), "AVX2"), (("avx2", "avx512f"), "AVX-512"), ((), "a processor")],
)
def test_a_machine_is_named_by_its_instructions(features, name):
    table = rates_table(replace(MACHINE, cpu_features=features), [VOX])
    assert table.splitlines()[-1].startswith(f"| vox-256 | {name} | ")
