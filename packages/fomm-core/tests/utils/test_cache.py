from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from fomm_core.utils.cache import cache_folder


def test_the_environment_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("FOMM_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path


@pytest.mark.parametrize("empty", [True, False])
def test_else_it_is_the_platforms(monkeypatch, empty):
    monkeypatch.delenv("FOMM_CACHE", raising=False)
    if empty:
        monkeypatch.setenv("FOMM_CACHE", "")
    assert cache_folder() == Path(platformdirs.user_cache_dir("fomm", appauthor=False))
