"""Settings and cases of a benchmark with true answers, in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray, Keypoints

FORMAT = 1
SETTINGS_FILE = "benchmark.json"
SOURCE, DRIVING, TARGET, LABELS, REGION = "source", "driving", "target", "labels", "region"


@dataclass(frozen=True)
class BenchmarkSettings:
    """Recipe from which a benchmark was made.

    Attributes:
        size: height and width of the frames in pixels.
        count: number of cases, at least 1.
        seed: of the draws.
        swapped: whether the two identities of each case changed places.
        label_names: what the numbers of label maps mean, from 0; none where there are no maps.
        driven_by: names of cases without driving frames of their own, each with the name of
            the case whose true answers drive it.
        first_scored: number of the first frame that counts: 1 where the first frame is there
            for relative motion to refer to, and its true answer is the source itself.
    """

    size: int
    count: int
    seed: int
    swapped: bool = False
    label_names: tuple[str, ...] = ()
    driven_by: tuple[tuple[str, str], ...] = ()
    first_scored: int = 0


@dataclass(frozen=True, eq=False)
class Expression:
    """The frames of a case that have an expression, and the same frames without it.

    Frames are float32 in [0, 1].

    Attributes:
        name: of the expression and of its folder, such as ``"blink"``.
        frames: (N,) int, their numbers; N may be 0.
        driving_without: (N, 3, H, W), these driving frames without the expression.
        target_without: (N, 3, H, W), the true answers to them.
        regions: (N, 1, H, W), where the expression is to be seen in the answer.

    Raises:
        ValueError: the name is that of another folder of a case, or no word.
    """

    name: str
    frames: npt.NDArray[np.intp]
    driving_without: FloatArray
    target_without: FloatArray
    regions: FloatArray

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.name in (DRIVING, TARGET, LABELS):
            raise ValueError(f"expression: expected a word of its own, found {self.name!r}")


@dataclass(frozen=True, eq=False)
class BenchmarkCase:
    """A source, a driving video and the true answers; frames are float32 in [0, 1].

    The source has the pose of the first driving frame, without expression, so that relative
    and absolute motion have the same true answer.

    Attributes:
        name: of the case, unique in the benchmark.
        source: (3, H, W).
        driving: (T, 3, H, W), somebody else.
        target: (T, 3, H, W), the true answers: the source's identity in the driving poses.
        kp_driving: T of them, those of the driving frames; of the true answers too, where they
            do not depend on the identity.
        keypoint_names: what the keypoints are, in order; none where they have no names.
        expressions: those that the driving frames show.
        labels: (T, H, W) uint8, what the pixels of the true answers show, or ``None``.
    """

    name: str
    source: FloatArray
    driving: FloatArray
    target: FloatArray
    kp_driving: tuple[Keypoints, ...]
    keypoint_names: tuple[str, ...] = ()
    expressions: tuple[Expression, ...] = ()
    labels: ByteArray | None = None

    @property
    def kp_source(self) -> Keypoints:
        """The source's true keypoints, which are those of the first driving frame."""
        return self.kp_driving[0]

    def expression(self, name: str) -> Expression:
        """Find an expression by its name.

        Raises:
            KeyError: the case has none of this name.
        """
        found = {expression.name: expression for expression in self.expressions}
        return found[name]
