from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fomm_demo
from public_api import describe_package

PUBLIC = {"Account", "Limits", "Settings", "__version__", "create_app"}


def test_the_public_names_are_these():
    assert set(fomm_demo.__all__) == PUBLIC
    assert set(dir(fomm_demo)) == PUBLIC
    assert all(hasattr(fomm_demo, name) for name in PUBLIC)


def test_other_names_are_no_attributes():
    assert not hasattr(fomm_demo, "nothing")


def test_importing_the_package_imports_nothing_heavy():
    heavy = ("numpy", "gradio", "uvicorn")
    code = f"import fomm_demo, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.once
def test_names_and_parameters_are_those_that_are_written_down():
    written = Path(__file__).with_name("public_api.txt").read_text(encoding="utf-8")
    assert describe_package("fomm_demo") == written, "run: uv run python tools/public_api.py"
