"""Avatars whose features can be told by their colours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fomm_train.synthetic.drawn.casting import draw_identity
from fomm_train.synthetic.drawn.identity import Head, Identity
from fomm_train.synthetic.draws import Split

IRIS = (0, 255, 0)
LIPS = (255, 0, 255)


@pytest.fixture
def plain() -> Identity:
    """A bald, grey avatar with green irises and magenta lips."""
    drawn = draw_identity(0, Split.TRAIN, 0)
    grey = (150, 150, 150)
    head = Head(grey, half_width=0.46, jaw=0.36, chin=0.15, ear=1.0, blush=0.0, freckles=0)
    return replace(
        drawn,
        head=head,
        eyes=replace(drawn.eyes, iris=IRIS, lid=grey, slant=0.0, wing=0.0),
        mouth=replace(drawn.mouth, lips=LIPS, upper=0.03, lower=0.045),
        hair=replace(drawn.hair, style="bald"),
        clothes=replace(drawn.clothes, style="tee", colour=grey, trim=grey, accent=grey),
        background=replace(drawn.background, style="gradient", colours=((90, 90, 90),) * 3),
        beard=None,
        glasses=None,
        headwear=None,
        earrings=None,
    )
