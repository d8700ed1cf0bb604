"""Interface of data sets, pairs and benchmarks to a kind of synthetic people.

A world draws identities and motions, each a pure function of its seed and neither of the other,
and shows any identity in any pose with its true answers. There are two: avatars drawn by code
(:mod:`fomm_train.synthetic.drawn`) and rendered people (:mod:`fomm_train.synthetic.heads`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_train.synthetic.draws import Split

Identity = TypeVar("Identity")
Pose = TypeVar("Pose")
PoseOf = TypeVar("PoseOf", covariant=True)


class Motion(Protocol[PoseOf]):
    """A motion: one pose a frame."""

    @property
    def expressions(self) -> tuple[tuple[int, ...], ...]:
        """For each kind of expression that occurs in it, the frames that show it."""

    def __len__(self) -> int:
        """Number of frames T."""

    def __getitem__(self, frame: int) -> PoseOf: ...

    def __iter__(self) -> Iterator[PoseOf]: ...

    def arrays(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """The poses as arrays by name, to be kept beside the true keypoints."""


@dataclass(frozen=True, eq=False)
class Masks:
    """Masks of a frame: content of its pixels.

    Attributes:
        regions: (1, H, W) float32 in [0, 1], 1 on eyes and mouth.
        foreground: (1, H, W) float32 in [0, 1], 0 on background.
        labels: (H, W) uint8, numbers of the world's ``label_names``; ``None`` where it has none.
    """

    regions: FloatArray
    foreground: FloatArray
    labels: ByteArray | None = None

    def mirrored(self) -> Masks:
        """The same of the frame in a mirror."""
        labels = self.labels
        return Masks(
            np.ascontiguousarray(self.regions[..., ::-1]),
            np.ascontiguousarray(self.foreground[..., ::-1]),
            None if labels is None else np.ascontiguousarray(labels[..., ::-1]),
        )


@dataclass(frozen=True)
class ExpressionKind(Generic[Pose]):
    """An expression that a benchmark measures.

    Attributes:
        name: such as ``"blink"``.
        shown: whether a pose has it.
        without: the same pose without it.
    """

    name: str
    shown: Callable[[Pose], bool]
    without: Callable[[Pose], Pose]


class World(Protocol[Identity, Pose]):
    """A kind of synthetic people, shown in square frames of one size.

    It can be pickled, so that worker processes hold it too; what it keeps for the next frame
    is left behind.
    """

    @property
    def name(self) -> str:
        """Word for one of them, such as ``"avatar"``: it names draws, files and messages."""

    @property
    def size(self) -> int:
        """Height and width of the frames in pixels."""

    @property
    def frame_rate(self) -> int:
        """Frames of a motion in a second."""

    @property
    def keypoint_names(self) -> tuple[str, ...]:
        """Names of the K keypoints, in order."""

    @property
    def mirrored_keypoints(self) -> npt.NDArray[np.intp]:
        """(K,) int: which keypoint takes the place of each in a mirror."""

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the numbers of label maps, from 0; none where there are no maps."""

    @property
    def expressions(self) -> tuple[ExpressionKind[Pose], ...]:
        """The expressions that its benchmark measures."""

    def draw_identity(self, seed: int, split: Split, number: int) -> Identity:
        """Identity ``number`` of a part of the set; equal arguments give equal identities."""

    def draw_motion(self, seed: int, split: Split, number: int, frames: int) -> Motion[Pose]:
        """Motion ``number`` of a part of the set; equal arguments give equal motions."""

    def at_rest(self, pose: Pose) -> Pose:
        """The same pose of the head with open eyes, a closed mouth and a calm brow."""

    def render(self, identity: Identity, pose: Pose) -> ByteArray:
        """One frame, (H, W, 3) uint8 RGB; equal arguments give equal pixels."""

    def keypoints(self, identity: Identity, pose: Pose) -> Keypoints:
        """The true keypoints of a frame, with jacobians from the reference frame to it."""

    def masks(self, identity: Identity, pose: Pose) -> Masks:
        """Masks of a frame: content of its pixels."""

    def expression_region(self, identity: Identity, pose: Pose, expression: str) -> FloatArray:
        """Mask of an expression in a frame, (1, H, W) float32 in [0, 1]."""


AnyWorld = World[Any, Any]
"""Some world, where it does not matter which."""


def frames_by_expression(
    poses: Iterable[Pose], kinds: Sequence[Callable[[Pose], bool]]
) -> tuple[tuple[int, ...], ...]:
    """For each kind of expression that occurs in poses, the frames that show it."""
    frames = list(enumerate(poses))
    shown = (tuple(t for t, pose in frames if kind(pose)) for kind in kinds)
    return tuple(found for found in shown if found)


def mirror_keypoints(keypoints: Keypoints, places: npt.NDArray[np.intp]) -> Keypoints:
    """The keypoints of a frame in a mirror, where left and right change places.

    Args:
        keypoints: of the frame.
        places: the world's ``mirrored_keypoints``.
    """
    across = np.array([-1.0, 1.0], np.float32)
    jacobian = keypoints.jacobian
    if jacobian is not None:
        jacobian = jacobian[places] * np.outer(across, across)
    return Keypoints(keypoints.value[places] * across, jacobian)
