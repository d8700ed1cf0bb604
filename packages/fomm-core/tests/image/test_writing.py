from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import OutputError
from fomm_core.image import read_image, write_image

pytestmark = pytest.mark.once


def test_a_picture_is_written_whole_or_not_at_all(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)

    write_image(tmp_path / "a.png", image)

    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), image)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]
    with pytest.raises(OutputError, match="cannot be written"):
        write_image(tmp_path / "none" / "a.png", image)
