"""Speed of rendering people: frames a second and seconds for each person, on one core.

Run ``LP_NUM_THREADS=1 python benchmarks/heads_speed.py``; ``--assets FILE`` names a head model. The
time is that of the processor, so that other programs on the machine change little; with a
graphics card look at ``wall_frames_per_second``.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.heads.world import RenderedWorld


def measure(world: RenderedWorld, people: int, frames: int) -> dict[str, float]:
    """Render each person in some poses, with keypoints and label maps."""
    ready = moving = 0.0
    start = time.perf_counter()
    for number in range(people):
        begin = time.process_time()
        identity = world.draw_identity(0, Split.TRAIN, number)
        motion = world.draw_motion(0, Split.TRAIN, number, frames)
        world.keypoints(identity, motion[0])
        ready += time.process_time() - begin
        begin = time.process_time()
        for pose in motion:
            world.render(identity, pose)
            world.keypoints(identity, pose)
            world.masks(identity, pose)
        moving += time.process_time() - begin
    wall = time.perf_counter() - start
    return {
        "seconds_per_person": round(ready / people, 3),
        "frames_per_second": round(people * frames / moving, 3),
        "with_people_per_second": round(people * frames / (ready + moving), 3),
        "wall_frames_per_second": round(people * frames / wall, 3),
    }


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assets", type=Path)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--people", type=int, default=3)
    parser.add_argument("--frames", type=int, default=16)
    arguments = parser.parse_args()
    world = RenderedWorld(arguments.size, keep=1, assets=arguments.assets)
    result = measure(world, arguments.people, arguments.frames)
    print(json.dumps({"renderer": world.renderer.renderer, **result}, indent=2))


if __name__ == "__main__":
    main()
