"""Training samples out of frames whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from typing_extensions import Self

from fomm_core.image import ByteArray, to_network
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_train.config import AppearanceParams, RegionShares, TrainConfig
from fomm_train.data.appearance import vary_appearance
from fomm_train.data.augment import Augmentation
from fomm_train.data.batch import Pair, Truth
from fomm_train.synthetic.heads.labels import weigh_labels
from fomm_train.synthetic.world import Masks, mirror_keypoints


@dataclass(frozen=True, eq=False)
class Shown:
    """A frame and its truth.

    Attributes:
        frame: (H, W, 3) uint8, RGB.
        keypoints: the true ones, with jacobians.
        masks: what the pixels show; ``None`` where nobody asks.
    """

    frame: ByteArray
    keypoints: Keypoints
    masks: Masks | None = None


@dataclass(frozen=True, eq=False)
class Frames:
    """The frames of one sample.

    Attributes:
        source: whose appearance is kept.
        driving: whose motion is taken.
        target: the true answer, with its masks; ``driving`` itself within an identity.
        reference: the driving identity in the source's pose; ``source`` itself within an
            identity.
    """

    source: Shown
    driving: Shown
    target: Shown
    reference: Shown


@dataclass(frozen=True)
class SampleContent:
    """Content of samples besides source, driving frame and target.

    Attributes:
        truth: true keypoints and masks.
        reference: the reference frame of relative motion.
        appearance: how the detector's own frame is varied; ``None`` for no such frame.
        shares: weights of the regions of label maps.
    """

    truth: bool = True
    reference: bool = False
    appearance: AppearanceParams | None = None
    shares: RegionShares = field(default_factory=RegionShares)

    @classmethod
    def of(cls, config: TrainConfig, truth: bool) -> Self:
        """All that the losses of a configuration need, of data that may know the truth."""
        train = config.train_params
        wanted = train.loss_weights.supervise_transformed
        augmentation = config.dataset_params.augmentation_params
        appearance = augmentation.appearance_param if truth and wanted else None
        return cls(truth, train.relative_motion, appearance, train.region_shares)

    def make_pair(
        self,
        frames: Frames,
        change: Augmentation,
        mirrored_keypoints: npt.NDArray[np.intp],
        random: np.random.Generator,
    ) -> Pair:
        """Make a sample.

        Args:
            frames: in the order of time that ``change`` wants.
            change: flip and colours, the same for all frames.
            mirrored_keypoints: (K,) which keypoint takes the place of each in a mirror.
            random: of the detector's frame.
        """
        distinct = {id(shown): shown for shown in self._needed(frames)}
        stack = np.stack([to_network(shown.frame) for shown in distinct.values()])
        if change.horizontal_flip:
            stack = stack[..., ::-1]
        for colours in change.colours:
            stack = colours.apply(stack)
        images = dict(zip(distinct, np.ascontiguousarray(stack), strict=True))
        mirror = mirrored_keypoints if change.horizontal_flip else None
        truth = self._truth(frames, mirror) if self.truth else None
        target = images[id(frames.target)]
        detector_frame = None
        if self.appearance is not None and truth is not None:
            detector_frame = vary_appearance(target, truth.foreground, self.appearance, random)
        return Pair(
            images[id(frames.source)],
            images[id(frames.driving)],
            target,
            truth,
            images[id(frames.reference)] if self.reference else None,
            detector_frame,
        )

    def _needed(self, frames: Frames) -> list[Shown]:
        needed = [frames.source, frames.driving, frames.target]
        return [*needed, frames.reference] if self.reference else needed

    def _truth(self, frames: Frames, mirror: npt.NDArray[np.intp] | None) -> Truth:
        masks = _masks(frames.target, mirror)
        foreground = masks.foreground
        if frames.source.masks is not None:
            foreground = np.maximum(foreground, _masks(frames.source, mirror).foreground)
        regions = masks.regions
        if masks.labels is not None:
            regions = weigh_labels(masks.labels, self.shares)
        truth = Truth(
            *_arrays(frames.source, mirror),
            *_arrays(frames.driving, mirror),
            regions,
            foreground,
            masks.labels,
        )
        value, jacobian = _arrays(frames.target, mirror)
        truth = replace(truth, target_value=value, target_jacobian=jacobian)
        if not self.reference:
            return truth
        value, jacobian = _arrays(frames.reference, mirror)
        return replace(truth, reference_value=value, reference_jacobian=jacobian)


def _masks(shown: Shown, mirror: npt.NDArray[np.intp] | None) -> Masks:
    if shown.masks is None:
        raise ValueError("expected a target with masks, found none")
    return shown.masks if mirror is None else shown.masks.mirrored()


def _arrays(shown: Shown, mirror: npt.NDArray[np.intp] | None) -> tuple[FloatArray, FloatArray]:
    keypoints = shown.keypoints
    if mirror is not None:
        keypoints = mirror_keypoints(keypoints, mirror)
    if keypoints.jacobian is None:
        raise ValueError("expected true keypoints with jacobians, found none")
    return keypoints.value, keypoints.jacobian
