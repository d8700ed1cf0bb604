"""Training pairs of avatars, drawn in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from typing_extensions import Self

from fomm_core.errors import ConfigError
from fomm_core.image import to_network
from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.rng import make_rng
from fomm_train.config import AugmentationParams, AvatarParams, TrainConfig
from fomm_train.data.augment import draw_augmentation
from fomm_train.data.batch import Pair, Truth
from fomm_train.synthetic.drawn.ground_truth import KEYPOINT_NAMES, keypoint_arrays, mirror
from fomm_train.synthetic.drawn.identity import Identity
from fomm_train.synthetic.drawn.pose import Pose
from fomm_train.synthetic.drawn.regions import region_mask
from fomm_train.synthetic.drawn.renderer import Renderer
from fomm_train.synthetic.drawn.world import World
from fomm_train.synthetic.draws import Draw, Split


@dataclass(frozen=True)
class Plan:
    """Content of a sample, before it is painted.

    Attributes:
        source, driving: the identities; they differ in a pair across identities.
        source_pose, driving_pose: their poses; ``source`` in ``driving_pose`` is the target.
    """

    source: Identity
    driving: Identity
    source_pose: Pose
    driving_pose: Pose


class AvatarPairs:
    """Pairs of frames of avatars; a :class:`~fomm_train.data.batch.PairSource`.

    A sample is two frames of one motion. Across identities the driving frame shows another
    avatar of the group, and the target is the true answer: the source in the driving pose.

    Args:
        params: numbers and seed of the identities and motions.
        size: height and width of the frames in pixels.
        repeats: visits of every identity in one epoch.
        cross_identity: probability that a sample is one across identities.
        seed: what the draws of samples derive from; the avatars derive from ``params.seed``.
        split: the part of the set.
        augmentation: flips and colour changes; of a mirrored sample, so is the truth.
        with_truth: give the true keypoints and regions too.

    Attributes:
        knows_truth: whether samples come with the true keypoints and regions.

    Raises:
        ConfigError: frames are too small, or pairs across identities are asked for where
            every group has one identity only.
    """

    def __init__(
        self,
        params: AvatarParams,
        size: int,
        repeats: int = 1,
        cross_identity: float = 0.0,
        seed: int = 0,
        split: Split = Split.TRAIN,
        *,
        augmentation: AugmentationParams | None = None,
        with_truth: bool = True,
    ) -> None:
        if cross_identity and min(params.group, params.identities) < 2:
            raise ConfigError(
                "dataset_params.avatars: expected groups of 2 or more for cross_identity, found "
                f"group {params.group} and identities {params.identities}"
            )
        self._world = World(params, split)
        self._renderer = Renderer(size)
        self._repeats = repeats
        self._cross_identity = cross_identity
        self._seed = seed
        self._augmentation = augmentation or AugmentationParams()
        self.knows_truth = with_truth

    @classmethod
    def from_config(cls, config: TrainConfig, split: Split = Split.TRAIN) -> Self:
        """The avatars that a configuration asks for.

        The truth goes with the samples where the model has as many keypoints as it knows, 10.

        Raises:
            ConfigError: the configuration has no ``dataset_params.avatars``, or its frames
                are not square.
        """
        params = config.dataset_params.avatars
        if params is None:
            raise ConfigError("dataset_params.avatars: expected a section, found none")
        height, width = config.frame_size
        if height != width:
            raise ConfigError(
                f"dataset_params.frame_shape: expected square frames for avatars, "
                f"found {height} x {width}"
            )
        train = config.train_params
        return cls(
            params,
            height,
            train.num_repeats,
            train.cross_identity,
            train.seed,
            split,
            augmentation=config.dataset_params.augmentation_params,
            with_truth=config.model_params.common_params.num_kp == len(KEYPOINT_NAMES),
        )

    def __len__(self) -> int:
        return self._world.params.identities * self._repeats

    def plan(self, epoch: int, index: int) -> Plan:
        """Say what a sample shows, before augmentation; see :meth:`pair`."""
        params = self._world.params
        draw = Draw(make_rng(self._seed, "avatar pair", epoch, index))
        source = index % params.identities
        motion = self._world.motion(source, draw.whole(0, params.motions - 1))
        first, second = (draw.whole(0, params.frames - 1) for _ in range(2))
        if params.expressive and motion.expressions and draw.chance(params.expressive):
            second = draw.choice(draw.choice(motion.expressions))
        driving = source
        companions = self._world.companions(source)
        if draw.chance(self._cross_identity) and companions:
            driving = draw.choice(companions)
        identities = self._world.identity(source), self._world.identity(driving)
        return Plan(*identities, motion[first], motion[second])

    def pair(self, epoch: int, index: int) -> Pair:
        """Make a sample; see :class:`~fomm_train.data.batch.PairSource`."""
        plan = self.plan(epoch, index)
        random = make_rng(self._seed, "avatar augmentation", epoch, index)
        change = draw_augmentation(self._augmentation, random)
        poses = [plan.source_pose, plan.driving_pose]
        if change.time_flip:
            poses.reverse()
        frames = [self._paint(plan.source, poses[0]), self._paint(plan.driving, poses[1])]
        if plan.driving != plan.source:
            frames.append(self._paint(plan.source, poses[1]))
        stack = np.stack(frames)
        flipped = change.horizontal_flip
        if flipped:
            stack = stack[..., ::-1]
        for colours in change.colours:
            stack = colours.apply(stack)
        source, driving, *answer = np.ascontiguousarray(stack)
        truth = self._truth(plan.source, poses, flipped) if self.knows_truth else None
        return Pair(source, driving, answer[0] if answer else driving, truth)

    def _paint(self, identity: Identity, pose: Pose) -> FloatArray:
        return to_network(self._renderer.render(identity, pose))

    def _truth(self, identity: Identity, poses: list[Pose], flipped: bool) -> Truth:
        source, driving = (keypoint_arrays(pose) for pose in poses)
        regions = region_mask(poses[1], self._renderer.size)
        foreground = self._renderer.figure_mask(identity, poses[1])
        if flipped:
            source, driving = mirror(*source), mirror(*driving)
            regions, foreground = (
                np.ascontiguousarray(m[..., ::-1]) for m in (regions, foreground)
            )
        return Truth(*source, *driving, regions, foreground)
