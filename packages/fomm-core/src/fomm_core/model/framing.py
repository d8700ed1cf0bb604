"""Framing of a model: how its training pictures were cropped to the face."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fomm_core.config import Section

Share = Annotated[float, Field(ge=0, le=1)]


KeypointWeights = Annotated[list[float], Field(min_length=6, max_length=6)]


class KeypointFraming(Section):
    """Place of a model's keypoints in its training pictures.

    Attributes:
        centre_x, centre_y: their centre, in [-1, 1] as keypoints are.
        spread: root of their mean squared distance from it, in the same unit.
        weights: how x and y of each keypoint count in ``centre_x`` (two numbers), in
            ``centre_y`` and in ``spread``, which then are those of the mean shape that fits the
            keypoints best, whichever way the head turns; empty for plain means.
    """

    centre_x: Annotated[float, Field(ge=-1, le=1)] = 0.0
    centre_y: Annotated[float, Field(ge=-1, le=1)] = 0.0
    spread: Annotated[float, Field(gt=0, le=2)]
    weights: list[KeypointWeights] = Field(default_factory=list)


class Framing(Section):
    """Square around a face box, as a model's training pictures show it.

    Attributes:
        side: of the square, in heights of the face box (forehead to chin).
        centre_x, centre_y: where the centre of the face box lies in the square, 0..1 from
            its left and top.
        keypoints: where the model's own keypoints lie, which refine the square; ``None``
            leaves it as the face box gives it.
    """

    side: Annotated[float, Field(ge=1, le=8)]
    centre_x: Share = 0.5
    centre_y: Share = 0.5
    keypoints: KeypointFraming | None = None


VOXCELEB = Framing(side=1.45, centre_y=0.53)
"""VoxCeleb's: 1.2 times the union of a clip's boxes, measured on the original's sample clip."""
