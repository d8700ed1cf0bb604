"""A whole avatar, ready to be posed: all its shapes in the order of painting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.drawn.accessories import add_glasses, add_headwear
from fomm_train.synthetic.drawn.anatomy import Array, jaw_shift, lift
from fomm_train.synthetic.drawn.canvas import Canvas
from fomm_train.synthetic.drawn.clothes import add_body
from fomm_train.synthetic.drawn.eyes import EyePainter
from fomm_train.synthetic.drawn.hair import COVERS_EARS, add_hair
from fomm_train.synthetic.drawn.head import add_head
from fomm_train.synthetic.drawn.hulls import DIRECTIONS, Hull, HullSet, Layer, crescent
from fomm_train.synthetic.drawn.identity import Identity
from fomm_train.synthetic.drawn.mouth import MouthPainter
from fomm_train.synthetic.drawn.palette import SHADOW, Paint
from fomm_train.synthetic.drawn.panels import Panel, PanelSet
from fomm_train.synthetic.drawn.parts import Parts
from fomm_train.synthetic.drawn.pose import NEUTRAL, Pose
from fomm_train.synthetic.drawn.projection import place_body, place_head
from fomm_train.synthetic.drawn.surface import Patch, PatchSet


@dataclass(frozen=True)
class _Step:
    """One polygon of the painting.

    Attributes:
        source: number of the outline among all of the figure.
        near: paint it only while that hull is in front (or, if false, behind); always if None.
        shade: width of the shadow to paint instead of the outline itself, 0 for the outline.
    """

    layer: Layer
    source: int
    paint: Paint
    near: bool | None = None
    shade: float = 0.0


class Figure:
    """An identity as shapes.

    Args:
        identity: whose.
    """

    def __init__(self, identity: Identity) -> None:
        items = _build(identity).items
        hulls = [item for item in items if isinstance(item, Hull)]
        patches = [item for item in items if isinstance(item, Patch)]
        panels = [item for item in items if isinstance(item, Panel)]
        self._hulls, self._patches = HullSet(hulls), PatchSet(patches)
        self._panels = PanelSet(panels)
        self._eyes = EyePainter(identity.eyes, identity.brows)
        self._mouth = MouthPainter(identity.mouth, identity.beard)
        numbers = {id(item): i for i, item in enumerate([*hulls, *patches, *panels])}
        steps = [step for item in items for step in _steps(item, numbers[id(item)])]
        features = enumerate((*self._mouth.colours, *self._eyes.colours), len(items))
        steps += [_Step(Layer.FEATURES, number, colour) for number, colour in features]
        # The sort is stable: within a layer the order of building stays.
        self._steps = sorted(steps, key=_layer)
        lengths = [len(DIRECTIONS)] * len(hulls)
        lengths += [len(patch.normals) for patch in patches]
        lengths += [len(panel.points) for panel in panels]
        lengths += [len(curve) for curve in self._features(NEUTRAL)]
        ends = np.cumsum([0, *lengths]).tolist()
        self._slices = [slice(*pair) for pair in pairwise(ends)]

    def polygons(self, pose: Pose, canvas: Canvas) -> Iterator[tuple[FloatArray, Paint]]:
        """List what to paint for a pose, in order.

        Yields:
            A closed curve, (N, 2) float32 as :meth:`Canvas.locate` has it, and its colour.
        """
        head, body = place_head(pose), place_body(pose)
        solids = self._hulls.outlines(head, body, jaw_shift(pose))
        near = self._hulls.in_front(head)
        features = head.project(lift(np.concatenate(self._features(pose))))
        others = self._patches.outlines(head), self._panels.outlines(head, body)
        # All points at once: a conversion for each curve would take a third of the time.
        points = canvas.locate(np.concatenate([solids.reshape(-1, 2), *others, features]))
        for step in self._steps:
            if step.near is not None and step.near != near[step.source]:
                continue
            outline = points[self._slices[step.source]]
            yield (
                crescent(outline, step.shade * canvas.unit) if step.shade else outline,
                step.paint,
            )

    def _features(self, pose: Pose) -> list[Array]:
        return self._mouth.curves(pose) + self._eyes.curves(pose)


def _build(identity: Identity) -> Parts:
    parts = Parts()
    hairline = add_headwear(parts, identity, add_hair(parts, identity))
    phones = identity.headwear is not None and identity.headwear.style == "headphones"
    ears = identity.hair.style not in COVERS_EARS and not phones
    add_head(parts, identity, hairline, ears)
    add_body(parts, identity)
    if identity.glasses:
        add_glasses(parts, identity.glasses, identity.head)
    return parts


def _steps(item: Hull | Patch | Panel, number: int) -> Iterator[_Step]:
    if not isinstance(item, Hull) or item.layer is not Layer.FRONT:
        yield _Step(item.layer, number, item.colour)
        if isinstance(item, Hull) and item.shade:
            yield _Step(item.shade_layer or item.layer, number, SHADOW, shade=item.shade)
        return
    for layer, near in ((Layer.BEHIND, False), (Layer.FRONT, True)):
        yield _Step(layer, number, item.colour, near)
        if item.shade:
            yield _Step(layer, number, SHADOW, near, item.shade)


def _layer(step: _Step) -> Layer:
    return step.layer
