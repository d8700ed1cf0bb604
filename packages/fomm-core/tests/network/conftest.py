"""The tests of this folder are of NNabla graphs, and skip where NNabla is absent."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _needs_nnabla(nnabla):
    """Skip every test here without NNabla."""


@pytest.fixture(scope="session")
def stages_of(nnabla, random_parameters):
    """Makes the stages of a configuration with random parameters."""
    from fomm_core.network.graph import Networks
    from fomm_core.network.nnabla_operations import NNablaOperations
    from fomm_core.network.stages import build_stages

    def make(config, batch: int = 1, seed: int = 0):
        networks = Networks(config, NNablaOperations())
        stages = build_stages(networks, batch)
        networks.load(random_parameters(config, seed), "random")
        return stages

    return make
