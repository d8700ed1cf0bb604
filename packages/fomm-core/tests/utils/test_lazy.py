"""Names of a package that are imported on first use."""

import sys

import pytest

from fomm_core.utils.lazy import import_name


def test_a_name_is_imported_and_kept():
    package = sys.modules["fomm_core.utils"]
    vars(package).pop("cache_folder", None)
    found = import_name("fomm_core.utils", {"cache_folder": "cache"}, "cache_folder")
    assert found.__module__ == "fomm_core.utils.cache"
    assert vars(package).pop("cache_folder") is found


def test_others_are_refused_as_python_refuses_them():
    with pytest.raises(AttributeError, match=r"^module 'fomm_core\.utils' has no attribute 'x'$"):
        import_name("fomm_core.utils", {}, "x")
