from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fomm_core.utils import machine

CPUINFO = """\
processor\t: 0
model name\t: Some CPU @ 2.00GHz
flags\t\t: fpu avx2 avx512f avx512_bf16 amx_tile

processor\t: 1
model name\t: Another
flags\t\t: fpu
"""


def test_the_facts_are_plausible():
    facts = machine.describe_machine()
    assert 1 <= facts.cores <= (os.cpu_count() or 1)
    assert 0.1 < facts.memory_gb < 100_000
    assert facts.cpu
    assert facts.python == ".".join(map(str, sys.version_info[:3]))


def test_cpu_facts_come_from_the_first_processor(tmp_path, monkeypatch):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(CPUINFO)
    monkeypatch.setattr(machine, "_CPUINFO", cpuinfo)
    facts = machine.describe_machine()
    assert facts.cpu == "Some CPU @ 2.00GHz"
    assert facts.cpu_features == ("avx2", "avx512f", "avx512_bf16")
    assert not machine.has_byte_products()
    cpuinfo.write_text(CPUINFO.replace("amx_tile", "avx_vnni"))
    assert machine.has_byte_products()


def test_a_system_without_cpuinfo_has_unknown_features(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "absent")
    facts = machine.describe_machine()
    assert facts.cpu
    assert facts.cpu_features == ()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system cannot bind processes")
def test_only_cores_that_the_process_may_use_count():
    one = next(iter(os.sched_getaffinity(0)))
    code = (
        f"import os; os.sched_setaffinity(0, [{one}])\n"
        "from fomm_core.utils.machine import usable_cores; print(usable_cores())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_gpus_are_those_the_driver_lists(monkeypatch):
    answer = (sys.executable, "-c", "print('NVIDIA A\\nNVIDIA B')")
    monkeypatch.setattr(machine, "_GPU_QUERY", answer)
    assert machine.describe_machine().gpus == ("NVIDIA A", "NVIDIA B")


@pytest.mark.parametrize("query", [("no-such-program-here",), (sys.executable, "-c", "exit(9)")])
def test_without_a_driver_there_are_no_gpus(monkeypatch, query):
    monkeypatch.setattr(machine, "_GPU_QUERY", query)
    assert machine.describe_machine().gpus == ()
