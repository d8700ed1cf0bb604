"""A converted checkpoint gives in NNabla what the original networks gave in PyTorch."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from fomm_core.convert.torch_checkpoint import from_torch
from fomm_core.model.parameters import save_parameters

TOLERANCE = 1e-4


@pytest.mark.parametrize("file_format", ["zip", "legacy"])
def test_the_converted_networks_reproduce_pytorch(
    mini, config, nnabla_python, tmp_path, file_format
):
    pytest.importorskip("torch")
    params, results = tmp_path / "params.h5", tmp_path / "results.npz"
    checkpoint = mini / f"torch_checkpoint_{file_format}.pth.tar"
    save_parameters(params, from_torch(checkpoint, config))
    images = mini / "torch_io.npz"
    script = Path(__file__).with_name("run_networks.py")
    done = subprocess.run(
        [nnabla_python, script, mini / "config.yaml", params, images, results],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with np.load(images) as expected, np.load(results) as found:
        assert set(found) == set(expected) - {"source", "driving"}
        for name in found:
            assert found[name].shape == expected[name].shape, name
            np.testing.assert_allclose(
                found[name], expected[name], rtol=0, atol=TOLERANCE, err_msg=name
            )
