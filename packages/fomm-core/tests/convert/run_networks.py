"""Run the NNabla networks of a converted checkpoint; called by test_networks.py.

Usage: python run_networks.py CONFIG PARAMS IMAGES RESULTS

IMAGES is an .npz with ``source`` and ``driving``, (1, 3, H, W) in [0, 1]. RESULTS is an .npz
with the names of the golden file ``torch_io.npz``.
"""

from __future__ import annotations

import sys

import numpy as np

from fomm_core import load_model


def main(config: str, params: str, images: str, results: str) -> None:
    engine = load_model(config=config, params=params, engine="nnabla").engine
    with np.load(images) as arrays:
        source, driving = arrays["source"][0], arrays["driving"][0]
    kp_source, kp_driving = engine.detect(source), engine.detect(driving)
    rendering = engine.render(engine.encode(source), kp_source, kp_driving, diagnostics=True)
    maps = rendering.diagnostics
    np.savez(
        results,
        kp_source_value=kp_source.value[None],
        kp_source_jacobian=kp_source.jacobian[None],
        kp_driving_value=kp_driving.value[None],
        kp_driving_jacobian=kp_driving.jacobian[None],
        generator_mask=maps.mask[None],
        generator_sparse_deformed=maps.sparse_deformed[None],
        generator_occlusion_map=maps.occlusion_map[None],
        generator_deformed=maps.deformed[None],
        generator_prediction=rendering.prediction[None],
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
