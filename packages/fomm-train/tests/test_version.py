from __future__ import annotations

from importlib.metadata import version

import fomm_train


def test_the_installed_distribution_has_the_version_of_the_source():
    assert version("fomm-train") == fomm_train.__version__
