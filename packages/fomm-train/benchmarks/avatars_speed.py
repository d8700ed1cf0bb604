"""Speed of drawing avatars: frames and pairs a second on one core.

Run ``python benchmarks/avatars_speed.py``. The time is that of the processor, so that other
programs on the machine change little. Making identities (geometry and background, once per
identity) is included at its share: 64 frames of each, as in the data set.
"""

from __future__ import annotations

import argparse
import json
import time

from fomm_train.config import AvatarParams
from fomm_train.synthetic.drawn.casting import draw_identity
from fomm_train.synthetic.drawn.motion import draw_motion
from fomm_train.synthetic.drawn.renderer import Renderer
from fomm_train.synthetic.drawn.world import DrawnWorld
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.pairs import SyntheticPairs

FRAMES = 64


def frames_per_second(size: int, identities: int) -> float:
    """Frames of whole motions, identities drawn and prepared on the way."""
    renderer = Renderer(size, keep=1)
    start = time.process_time()
    for number in range(identities):
        identity = draw_identity(0, Split.TRAIN, number)
        motion = draw_motion(0, Split.TRAIN, number, FRAMES)
        for frame in range(FRAMES):
            renderer.render(identity, motion[frame])
    return identities * FRAMES / (time.process_time() - start)


def pairs_per_second(size: int, count: int) -> float:
    """Training pairs, half of them across identities, nearly all of identities not seen yet."""
    pairs = SyntheticPairs(DrawnWorld(size), AvatarParams(), cross_identity=0.5)
    start = time.process_time()
    for index in range(count):
        pairs.pair(0, index)
    return count / (time.process_time() - start)


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--identities", type=int, default=24)
    arguments = parser.parse_args()
    frames_per_second(arguments.sizes[0], 1)
    results = {
        str(size): {
            "frames_per_second": round(frames_per_second(size, arguments.identities)),
            "pairs_per_second": round(pairs_per_second(size, 10 * arguments.identities)),
        }
        for size in arguments.sizes
    }
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
