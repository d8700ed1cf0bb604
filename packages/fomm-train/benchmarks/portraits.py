"""Pictures of rendered people for ``fomm-core/benchmarks/faces.py --people OUT``.

    python benchmarks/portraits.py OUT [--people 10]

A folder for each person of the benchmark's part, with nine poses of one motion at 512 pixels,
without grain and compression, which no method can foretell. ``--assets FILE`` names a head model.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from fomm_core.image import write_image
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.heads.world import RenderedWorld

SEED = 150015
FRAMES = (0, 1, 3, 6, 12, 20, 32, 48, 63)


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--assets", type=Path)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--size", type=int, default=512)
    options = parser.parse_args()
    world = RenderedWorld(options.size, assets=options.assets).open()
    for number in range(options.people):
        drawn = world.draw_identity(SEED, Split.BENCHMARK, number)
        clear = replace(drawn.photography, grain=0.0, jpeg=0)
        person = replace(drawn, photography=clear)
        motion = world.draw_motion(SEED, Split.BENCHMARK, number, FRAMES[-1] + 1)
        folder = options.out / f"{number:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        for place, frame in enumerate(FRAMES):
            write_image(folder / f"{place}.png", world.render(person, motion[frame]))


if __name__ == "__main__":
    main()
