"""A contact sheet: some people in some poses, to be looked at."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fomm_core.image import ByteArray
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.world import AnyWorld

_FRAMES = 48


def sheet_rows(world: AnyWorld, seed: int, rows: int, columns: int) -> Iterator[ByteArray]:
    """Show one person a row: at rest, then moving; people are those of training.

    Yields:
        (size, columns * size, 3) uint8, RGB.
    """
    for row in range(rows):
        identity = world.draw_identity(seed, Split.TRAIN, row)
        motion = world.draw_motion(seed, Split.TRAIN, row, _FRAMES)
        places = np.linspace(0, _FRAMES - 1, columns - 1).astype(int).tolist()
        poses = [world.at_rest(motion[0]), *(motion[place] for place in places)]
        yield np.concatenate([world.render(identity, pose) for pose in poses], axis=1)
