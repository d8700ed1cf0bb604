from __future__ import annotations

import pytest

from fomm_core.errors import FommError
from fomm_core.pipeline.options import AnimationOptions
from fomm_demo.page.live_tab import read_live_options


def test_the_fields_become_options():
    expected = AnimationOptions(motion="absolute", adapt_scale=True, face=2, paste_back=False)

    assert read_live_options("absolute", "2", "", False) == expected


@pytest.mark.parametrize("value", ["sideways", None, ["relative"]])
def test_another_movement_is_told_the_choices(value):
    with pytest.raises(FommError, match=r"movement: expected one of relative, .*, absolute"):
        read_live_options(value, "largest", "", True)
