"""Parts of an avatar, before they are put in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from fomm_train.synthetic.drawn.hulls import Ellipsoid, Hull, Layer
from fomm_train.synthetic.drawn.palette import Colour
from fomm_train.synthetic.drawn.panels import Panel
from fomm_train.synthetic.drawn.surface import Patch


@dataclass
class Parts:
    """Collects solids, patches and panels while an avatar is built.

    Attributes:
        items: in the order of painting within each layer.
    """

    items: list[Hull | Patch | Panel] = field(default_factory=list)

    def add(self, item: Patch | Panel) -> None:
        """Add a patch or a panel."""
        self.items.append(item)

    def solid(
        self,
        colour: Colour,
        layer: Layer,
        *parts: Ellipsoid,
        shade: float = 0.0,
        shade_layer: Layer | None = None,
    ) -> None:
        """Add the hull of some ellipsoids."""
        self.items.append(Hull(colour, layer, parts, shade, shade_layer))
