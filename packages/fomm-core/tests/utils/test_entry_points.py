from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from fomm_core.utils.entry_points import BrokenEntryPointError, load_entry_point


def test_what_is_offered_is_imported():
    point = EntryPoint("path", "pathlib:Path.cwd", "fomm.tests")
    assert load_entry_point(point, object, "anything") == Path.cwd


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("fomm_no_such_module:X", "ModuleNotFoundError: No module named 'fomm_no_such_module'"),
        ("pathlib:NoSuchPath", "AttributeError: module 'pathlib' has no attribute 'NoSuchPath'"),
        ("math:pi", "expected a name at math:pi, found float"),
    ],
)
def test_what_is_broken_is_told_in_one_line(value, reason):
    with pytest.raises(BrokenEntryPointError) as caught:
        load_entry_point(EntryPoint("some", value, "fomm.tests"), str, "a name")
    assert str(caught.value) == reason
