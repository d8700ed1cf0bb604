"""Facts about this machine that decide how fast the networks run on it."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

_CPUINFO = Path("/proc/cpuinfo")
_TELLING_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
_BYTE_PRODUCTS = frozenset({"avx_vnni", "avx512_vnni", "amx_int8"})
_GPU_QUERY = ("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
_GPU_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Machine:
    """This machine, as ``fomm doctor`` and ``fomm bench`` report it.

    Attributes:
        system: operating system and architecture, such as ``"Linux x86_64"``.
        python: version of the running Python.
        cpu: name of the processor, as it gives it itself.
        cores: logical processors that this process may use.
        cpu_features: those instruction sets, of the ones that speed up networks, that the
            processor has; empty where the system does not list them.
        memory_gb: main memory in GiB.
        gpus: names of the NVIDIA GPUs that the driver shows.
    """

    system: str
    python: str
    cpu: str
    cores: int
    cpu_features: tuple[str, ...]
    memory_gb: float
    gpus: tuple[str, ...]


def describe_machine() -> Machine:
    """Look at this machine; takes some milliseconds, up to seconds where GPUs sleep."""
    facts = _read_cpuinfo(_CPUINFO)
    flags = set(facts.get("flags", "").split())
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        cpu=facts.get("model name") or platform.processor() or "unknown",
        cores=usable_cores(),
        cpu_features=tuple(name for name in _TELLING_FEATURES if name in flags),
        memory_gb=round(psutil.virtual_memory().total / 2**30, 1),
        gpus=_nvidia_gpus(),
    )


def has_byte_products() -> bool:
    """Whether the processor multiplies bytes at several times the speed of floats (VNNI, AMX).

    Where the system does not list instruction sets it is taken to have none.
    """
    flags = _read_cpuinfo(_CPUINFO).get("flags", "").split()
    return not _BYTE_PRODUCTS.isdisjoint(flags)


def usable_cores() -> int:
    """Logical processors that this process may use; at least 1."""
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):  # not on macOS
        return len(process.cpu_affinity() or [0])
    return psutil.cpu_count() or 1


def _read_cpuinfo(path: Path) -> dict[str, str]:
    """The fields of the first processor; empty where the system has no such file."""
    try:
        first, _, _ = path.read_text(errors="replace").partition("\n\n")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _nvidia_gpus() -> tuple[str, ...]:
    try:
        done = subprocess.run(
            _GPU_QUERY, capture_output=True, text=True, timeout=_GPU_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in done.stdout.splitlines() if line.strip())
