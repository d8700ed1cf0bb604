"""The records that flow from a data set to a training step.

Frames are (3, H, W) float32 in [0, 1], RGB. Everything random about a sample derives from the
training's seed and the number of the sample, never from what was drawn before: resuming needs
no random state, and N ranks with batch b see what one rank with batch N * b sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt

from fomm_core.image import ByteArray
from fomm_core.motion.keypoints import FloatArray

IdArray = npt.NDArray[np.int64]
Array = TypeVar("Array", FloatArray, ByteArray)


@dataclass(frozen=True, eq=False)
class Truth:
    """True answers of a synthetic data set about a sample; in a batch with a leading axis B.

    Attributes:
        source_value, driving_value: (K, 2) float32, keypoints in [-1, 1] of the frames shown, x
            first.
        source_jacobian, driving_jacobian: (K, 2, 2) float32, their local affine frames.
        regions: (1, H, W) float32 in [0, 1], 1 on eyes and mouth of the target frame.
        foreground: (1, H, W) float32 in [0, 1], 0 where the target frame shows background.
        labels: (H, W) uint8, what the pixels of the target frame show, where that is known.
        reference_value, reference_jacobian: of the reference frame, where there is one.
        target_value, target_jacobian: of the target frame, where that is known.
    """

    source_value: FloatArray
    source_jacobian: FloatArray
    driving_value: FloatArray
    driving_jacobian: FloatArray
    regions: FloatArray
    foreground: FloatArray
    labels: ByteArray | None = None
    reference_value: FloatArray | None = None
    reference_jacobian: FloatArray | None = None
    target_value: FloatArray | None = None
    target_jacobian: FloatArray | None = None

    @staticmethod
    def stack(truths: Sequence[Truth]) -> Truth:
        """Put the truths of several samples side by side on a new first axis."""
        return Truth(
            source_value=np.stack([truth.source_value for truth in truths]),
            source_jacobian=np.stack([truth.source_jacobian for truth in truths]),
            driving_value=np.stack([truth.driving_value for truth in truths]),
            driving_jacobian=np.stack([truth.driving_jacobian for truth in truths]),
            regions=np.stack([truth.regions for truth in truths]),
            foreground=np.stack([truth.foreground for truth in truths]),
            labels=_stack_known([truth.labels for truth in truths]),
            reference_value=_stack_known([truth.reference_value for truth in truths]),
            reference_jacobian=_stack_known([truth.reference_jacobian for truth in truths]),
            target_value=_stack_known([truth.target_value for truth in truths]),
            target_jacobian=_stack_known([truth.target_jacobian for truth in truths]),
        )


@dataclass(frozen=True, eq=False)
class Pair:
    """One training sample.

    Attributes:
        source: (3, H, W) float32 in [0, 1], the frame whose appearance is kept.
        driving: (3, H, W) float32 in [0, 1], the frame whose motion is taken.
        target: (3, H, W) float32 in [0, 1], what is to be generated: ``driving`` itself, or
            for a pair across identities the source's identity with the driving's motion.
        truth: true keypoints and regions, where the data set knows them.
        reference: (3, H, W) float32 in [0, 1], the driving's identity in the source's pose,
            to which its motion is relative; ``None`` where motion is absolute.
        detector_frame: (3, H, W) float32 in [0, 1], the target as it might look elsewhere, for
            the keypoint detector alone; ``None`` where no loss needs it.
    """

    source: FloatArray
    driving: FloatArray
    target: FloatArray
    truth: Truth | None = None
    reference: FloatArray | None = None
    detector_frame: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples side by side.

    Attributes:
        source, driving, target: (B, 3, H, W) float32 in [0, 1], contiguous; see :class:`Pair`.
        truth: the same of B samples, or ``None`` where the data set knows none.
        sample_ids: (B,) int64, the numbers of the samples in the whole training
            (``epoch * samples_per_epoch + index``): seed material for what is random about each.
        reference, detector_frame: (B, 3, H, W), or ``None``; see :class:`Pair`.
    """

    source: FloatArray
    driving: FloatArray
    target: FloatArray
    truth: Truth | None
    sample_ids: IdArray
    reference: FloatArray | None = None
    detector_frame: FloatArray | None = None

    def __len__(self) -> int:
        """Number of samples B."""
        return len(self.source)

    @classmethod
    def stack(cls, pairs: Sequence[Pair], sample_ids: Sequence[int] | IdArray) -> Batch:
        """Put samples side by side.

        Args:
            pairs: at least one sample, all of one frame size.
            sample_ids: the samples' numbers, one each.

        Raises:
            ValueError: there are no samples, or their number is not that of the identifiers,
                or only some of them have a truth, a reference or a frame for the detector.
        """
        if not pairs or len(pairs) != len(sample_ids):
            raise ValueError(
                f"batch: expected samples with one identifier each, "
                f"found {len(pairs)} samples and {len(sample_ids)} identifiers"
            )
        source = np.stack([pair.source for pair in pairs])
        driving = np.stack([pair.driving for pair in pairs])
        # Without pairs across identities the target is the driving frame: no second copy.
        same = all(pair.target is pair.driving for pair in pairs)
        target = driving if same else np.stack([pair.target for pair in pairs])
        truth = _stack_truths([pair.truth for pair in pairs])
        return cls(
            source,
            driving,
            target,
            truth,
            np.asarray(sample_ids, dtype=np.int64),
            _stack_known([pair.reference for pair in pairs]),
            _stack_known([pair.detector_frame for pair in pairs]),
        )


def _stack_known(arrays: Sequence[Array | None]) -> Array | None:
    """Put arrays side by side; ``None`` where there are none."""
    known = [array for array in arrays if array is not None]
    if not known:
        return None
    if len(known) != len(arrays):
        raise ValueError(f"batch: expected an array for all or none, found {len(known)}")
    return cast("Array", np.stack(known))


def _stack_truths(truths: Sequence[Truth | None]) -> Truth | None:
    known = [truth for truth in truths if truth is not None]
    if not known:
        return None
    if len(known) != len(truths):
        raise ValueError(f"batch: expected a truth for all or none, found {len(known)}")
    return Truth.stack(known)


class PairSource(Protocol):
    """A data set of pairs, in any order: ``pair(epoch, index)`` depends on nothing else.

    It can be pickled, so that worker processes hold it too.
    """

    @property
    def knows_truth(self) -> bool:
        """Whether its samples come with a :class:`Truth`."""

    def __len__(self) -> int:
        """Number of samples of one epoch, repetitions included."""

    def pair(self, epoch: int, index: int) -> Pair:
        """Make sample ``index`` (0 .. len - 1) of an epoch (counted from 0).

        Raises:
            FommError: the data cannot be read.
        """
