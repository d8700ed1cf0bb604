"""Training pairs of synthetic people, made in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import numpy as np
from typing_extensions import Self

from fomm_core.errors import ConfigError
from fomm_core.image import to_network
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_core.utils.rng import make_rng
from fomm_train.config import AugmentationParams, AvatarParams, SyntheticParams, TrainConfig
from fomm_train.data.augment import draw_augmentation
from fomm_train.data.batch import Pair, Truth
from fomm_train.synthetic.drawn.identity import Identity as Avatar
from fomm_train.synthetic.drawn.pose import Pose as AvatarPose
from fomm_train.synthetic.drawn.world import DrawnWorld
from fomm_train.synthetic.draws import Draw, Split
from fomm_train.synthetic.people import People
from fomm_train.synthetic.world import Identity, Pose, World, mirror_keypoints


@dataclass(frozen=True)
class Plan(Generic[Identity, Pose]):
    """Content of a sample, before it is shown.

    Attributes:
        source, driving: the identities; they differ in a pair across identities.
        source_pose, driving_pose: their poses; ``source`` in ``driving_pose`` is the target.
    """

    source: Identity
    driving: Identity
    source_pose: Pose
    driving_pose: Pose


class SyntheticPairs(Generic[Identity, Pose]):
    """Pairs of frames of synthetic people; a :class:`~fomm_train.data.batch.PairSource`.

    A sample is two frames of one motion. Across identities the driving frame shows another
    person of the group, and the target is the true answer: the source in the driving pose.

    Args:
        world: what kind of people they are.
        params: numbers and seed of the identities and motions.
        repeats: visits of every identity in one epoch.
        cross_identity: probability that a sample is one across identities.
        seed: what the draws of samples derive from; the people derive from ``params.seed``.
        split: the part of the set.
        augmentation: flips and colour changes; of a mirrored sample, so is the truth.
        with_truth: give the true keypoints and masks too.

    Attributes:
        knows_truth: whether samples come with the true keypoints and masks.

    Raises:
        ConfigError: pairs across identities are asked for where every group has one identity
            only.
    """

    def __init__(
        self,
        world: World[Identity, Pose],
        params: SyntheticParams,
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
                f"dataset_params.{world.name}s: expected groups of 2 or more for cross_identity, "
                f"found group {params.group} and identities {params.identities}"
            )
        self._world = world
        self._people = People(world, params, split)
        self._repeats = repeats
        self._cross_identity = cross_identity
        self._seed = seed
        self._augmentation = augmentation or AugmentationParams()
        self.knows_truth = with_truth

    def __len__(self) -> int:
        return self._people.params.identities * self._repeats

    def plan(self, epoch: int, index: int) -> Plan[Identity, Pose]:
        """Say what a sample shows, before augmentation; see :meth:`pair`."""
        params = self._people.params
        draw = Draw(make_rng(self._seed, f"{self._world.name} pair", epoch, index))
        source = index % params.identities
        motion = self._people.motion(source, draw.whole(0, params.motions - 1))
        first, second = (draw.whole(0, params.frames - 1) for _ in range(2))
        if params.expressive and motion.expressions and draw.chance(params.expressive):
            second = draw.choice(draw.choice(motion.expressions))
        driving = source
        companions = self._people.companions(source)
        if draw.chance(self._cross_identity) and companions:
            driving = draw.choice(companions)
        identities = self._people.identity(source), self._people.identity(driving)
        return Plan(*identities, motion[first], motion[second])

    def pair(self, epoch: int, index: int) -> Pair:
        """Make a sample; see :class:`~fomm_train.data.batch.PairSource`."""
        plan = self.plan(epoch, index)
        random = make_rng(self._seed, f"{self._world.name} augmentation", epoch, index)
        change = draw_augmentation(self._augmentation, random)
        poses = [plan.source_pose, plan.driving_pose]
        if change.time_flip:
            poses.reverse()
        frames = [self._show(plan.source, poses[0]), self._show(plan.driving, poses[1])]
        if plan.driving != plan.source:
            frames.append(self._show(plan.source, poses[1]))
        stack = np.stack(frames)
        flipped = change.horizontal_flip
        if flipped:
            stack = stack[..., ::-1]
        for colours in change.colours:
            stack = colours.apply(stack)
        source, driving, *answer = np.ascontiguousarray(stack)
        truth = self._truth(plan, poses, flipped) if self.knows_truth else None
        return Pair(source, driving, answer[0] if answer else driving, truth)

    def _show(self, identity: Identity, pose: Pose) -> FloatArray:
        return to_network(self._world.render(identity, pose))

    def _truth(self, plan: Plan[Identity, Pose], poses: list[Pose], flipped: bool) -> Truth:
        source = self._keypoints(plan.source, poses[0], flipped)
        driving = self._keypoints(plan.driving, poses[1], flipped)
        masks = self._world.masks(plan.source, poses[1])
        if flipped:
            masks = masks.mirrored()
        return Truth(*source, *driving, masks.regions, masks.foreground, masks.labels)

    def _keypoints(
        self, identity: Identity, pose: Pose, flipped: bool
    ) -> tuple[FloatArray, FloatArray]:
        keypoints = self._world.keypoints(identity, pose)
        if flipped:
            keypoints = mirror_keypoints(keypoints, self._world.mirrored_keypoints)
        return keypoints.value, _known(keypoints)


class AvatarPairs(SyntheticPairs[Avatar, AvatarPose]):
    """Pairs of avatars in frames of ``size`` pixels; see :class:`SyntheticPairs`.

    Raises:
        ConfigError: frames are too small, or see there.
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
        super().__init__(
            DrawnWorld(size),
            params,
            repeats,
            cross_identity,
            seed,
            split,
            augmentation=augmentation,
            with_truth=with_truth,
        )

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
        train = config.train_params
        return cls(
            params,
            square_size(config, "avatars"),
            train.num_repeats,
            train.cross_identity,
            train.seed,
            split,
            augmentation=config.dataset_params.augmentation_params,
            with_truth=config.model_params.common_params.num_kp == len(DrawnWorld.keypoint_names),
        )


def square_size(config: TrainConfig, kind: str) -> int:
    """Height and width of the frames of a configuration.

    Raises:
        ConfigError: they are not square, as those of synthetic people (``kind``) are.
    """
    height, width = config.frame_size
    if height != width:
        raise ConfigError(
            f"dataset_params.frame_shape: expected square frames for {kind}, "
            f"found {height} x {width}"
        )
    return height


def _known(keypoints: Keypoints) -> FloatArray:
    if keypoints.jacobian is None:
        raise ValueError("expected true keypoints with jacobians, found none")
    return keypoints.jacobian
