"""Make the prebuilt graphs of well-known networks (see fomm_core.export.prebuilt).

To be run under Python 3.10 with NNabla, after a change of the networks or of their export:

    uv run python tools/prepare_graphs.py packages/fomm-train/src/fomm_train/configs/vox-256.yaml
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from fomm_core.config import load_config
from fomm_core.export.exporter import walk_stages
from fomm_core.export.prebuilt import PREBUILT, save_prebuilt


def prepare(path: Path) -> Path:
    """Write the graphs of a configuration; returns their folder."""
    config = load_config(path)
    text = yaml.safe_dump(
        {
            "dataset_params": {"frame_shape": list(config.dataset_params.frame_shape)},
            "model_params": config.model_params.model_dump(
                mode="json", exclude={"discriminator_params"}
            ),
        },
        sort_keys=False,
    )
    folder = PREBUILT / path.stem
    save_prebuilt(folder, text, walk_stages(config))
    return folder


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(prepare(Path(name)))
