"""The graphs that were made ahead are those that NNabla gives now."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fomm_core.config import load_config
from fomm_core.errors import ModelError
from fomm_core.export.prebuilt import NETWORKS_FILE, PREBUILT, is_prebuilt, prebuilt_graphs
from fomm_core.model.bundle import STAGES

NETWORKS = sorted(PREBUILT.glob(f"*/{NETWORKS_FILE}"))


def test_the_published_model_is_prepared():
    assert "vox-256" in {path.parent.name for path in NETWORKS}


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.parent.name)
def test_they_are_what_nnabla_gives(nnabla, path):
    from fomm_core.export.exporter import walk_stages

    config = load_config(path)
    prepared, walked = prebuilt_graphs(config), walk_stages(config)
    assert set(prepared) == set(walked) == set(STAGES)
    for stage, expected in walked.items():
        found = prepared[stage]
        assert found.nodes == expected.nodes
        assert found.parameters == expected.parameters
        assert (found.inputs, found.outputs) == (expected.inputs, expected.outputs)
        assert found.initializers.keys() == expected.initializers.keys()
        for name, array in expected.initializers.items():
            np.testing.assert_allclose(found.initializers[name], array, atol=1e-7, err_msg=name)


def test_they_take_the_published_parameters(golden):
    graphs = prebuilt_graphs(load_config(PREBUILT / "vox-256" / NETWORKS_FILE))
    found = {name: list(shape) for g in graphs.values() for name, shape in g.parameters.items()}
    listed = json.loads((golden / "vox_adv_256_parameters.json").read_text())
    assert found == {k: v for k, v in listed.items() if not k.startswith("discriminator/")}


def test_other_networks_are_not_prepared(tiny):
    assert not is_prebuilt(tiny())
    with pytest.raises(ModelError, match="expected prepared graphs"):
        prebuilt_graphs(tiny())
