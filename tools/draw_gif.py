"""Draw the picture of the README: portraits that move as driving clips do.

    uv run python tools/draw_gif.py

The default model animates embedded samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from fomm_core import Animator, Model, VideoReader, VideoWriter, load_model, read_image
from fomm_core.image import ByteArray, fit
from fomm_core.model.samples import SAMPLE_CLIPS, SAMPLE_PICTURES
from fomm_core.visualize.sheet import GROUND, Caption, Sheet
from workspace import ROOT

OUT = ROOT / "docs" / "animate.gif"
PICTURES = ("woman_headscarf", "man_fringe", "woman_grey_afro")
CLIPS = ("talking", "turning")
PANEL = (160, 160)
"""(height, width) of each picture shown."""
STEP = 3
"""One frame of the clips in so many is shown."""


def animate(model: Model, clip: str) -> Iterator[list[ByteArray]]:
    """A row for each frame shown: the driving frame, and the pictures in its pose."""
    driving = list(VideoReader(SAMPLE_CLIPS[clip]))
    moved = []
    for name in PICTURES:
        animator = Animator(model, read_image(SAMPLE_PICTURES[name]))
        moved.append([frame.prediction for frame in animator.run(driving)])
    for frames in list(zip(driving, *moved, strict=True))[::STEP]:
        yield [fit(frame, PANEL) for frame in frames]


def compose(rows: Sequence[Iterator[list[ByteArray]]], sheet: Sheet) -> Iterator[ByteArray]:
    """Sheets of the still pictures and a row for each clip."""
    stills = [fit(read_image(SAMPLE_PICTURES[name]), PANEL) for name in PICTURES]
    blank = np.full_like(stills[0], GROUND)
    for moment in zip(*rows, strict=True):
        yield sheet.compose([[blank, *stills], *moment])


def main() -> None:
    """Write the GIF."""
    captions = [
        [Caption(""), *(Caption("picture") for _ in PICTURES)],
        *([Caption("video"), *(Caption("animated") for _ in PICTURES)] for _ in CLIPS),
    ]
    rate = Fraction(25, STEP)
    with load_model() as model, VideoWriter(OUT, rate) as writer:
        rows = [animate(model, clip) for clip in CLIPS]
        for sheet in compose(rows, Sheet(captions, PANEL)):
            writer.write(sheet)
    print(f"{OUT}: {OUT.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
