"""The interface of all extractors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray
from fomm_eval.data.clips import Clip, Side


@dataclass(frozen=True, eq=False)
class FrameView:
    """A frame, and where it comes from.

    Attributes:
        clip: what it belongs to.
        side: of the comparison.
        index: its number, from 0.
        image: (H, W, 3) uint8, RGB.
    """

    clip: Clip
    side: Side
    index: int
    image: ByteArray


@dataclass(frozen=True, eq=False)
class Observation:
    """Landmarks and embedding found in a frame.

    Attributes:
        landmarks: (N, 2) in pixels, x first, NaN for single ones that are missing; ``None``
            where there are none.
        embedding: (D,), who it is; ``None`` where nobody was found.
    """

    landmarks: FloatArray | None = None
    embedding: FloatArray | None = None


class Extractor(Protocol):
    """Finds landmarks, embeddings, or both.

    Attributes:
        name: says what made the figures, as those of different extractors do not compare.
    """

    @property
    def name(self) -> str: ...

    def observe(self, view: FrameView) -> Observation:
        """Look at a frame.

        Raises:
            ExtractorError, MediaError: what is needed for it is missing or damaged.
        """
