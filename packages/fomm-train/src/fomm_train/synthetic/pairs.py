"""Training pairs of synthetic people, made in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from typing_extensions import Self

from fomm_core.errors import ConfigError
from fomm_core.utils.rng import make_rng
from fomm_train.config import AugmentationParams, SyntheticParams, TrainConfig
from fomm_train.data.augment import draw_augmentation
from fomm_train.data.batch import Pair
from fomm_train.synthetic.drawn.world import DrawnWorld
from fomm_train.synthetic.draws import Draw, Split
from fomm_train.synthetic.heads.world import RenderedWorld
from fomm_train.synthetic.people import People
from fomm_train.synthetic.samples import Frames, SampleContent, Shown
from fomm_train.synthetic.world import AnyWorld, Identity, Pose, World


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
        content: what else samples consist of; by default nothing.

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
        content: SampleContent | None = None,
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
        self._content = content or SampleContent(truth=with_truth)
        self.knows_truth = self._content.truth

    @classmethod
    def from_config(cls, config: TrainConfig, split: Split = Split.TRAIN) -> Self:
        """The people that a configuration asks for; see :func:`world_of`.

        The truth goes with the samples where the model has as many keypoints as it knows: 10 of
        avatars, 20 of rendered people.

        Raises:
            ConfigError: as :func:`world_of` and the constructor.
        """
        world, params = world_of(config)
        train = config.train_params
        knows_truth = config.model_params.common_params.num_kp == len(world.keypoint_names)
        return cls(
            world,
            params,
            train.num_repeats,
            train.cross_identity,
            train.seed,
            split,
            augmentation=config.dataset_params.augmentation_params,
            content=SampleContent.of(config, knows_truth),
        )

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
        frames = self._show_all(plan, *poses)
        return self._content.make_pair(frames, change, self._world.mirrored_keypoints, random)

    def _show_all(self, plan: Plan[Identity, Pose], first: Pose, second: Pose) -> Frames:
        """Source in the first pose, driving in the second; see :class:`Frames`."""
        known = self._content.truth
        source = self._show(plan.source, first, known and bool(self._world.label_names))
        target = self._show(plan.source, second, known)
        driving, reference = target, source
        if plan.driving != plan.source:
            driving = self._show(plan.driving, second)
            if self._content.reference:
                reference = self._show(plan.driving, first)
        return Frames(source, driving, target, reference)

    def _show(self, identity: Identity, pose: Pose, with_masks: bool = False) -> Shown:
        world = self._world
        masks = world.masks(identity, pose) if with_masks else None
        return Shown(world.render(identity, pose), world.keypoints(identity, pose), masks)


def world_of(config: TrainConfig) -> tuple[AnyWorld, SyntheticParams]:
    """The kind of people that a configuration asks for, and how many of them.

    Raises:
        ConfigError: it has neither ``dataset_params.avatars`` nor ``heads``, or its frames are
            too small or not square.
    """
    data = config.dataset_params
    if data.avatars is not None:
        return DrawnWorld(square_size(config, "avatars")), data.avatars
    if data.heads is not None:
        size = square_size(config, "heads")
        return RenderedWorld(size, data.heads.supersampling), data.heads
    raise ConfigError("dataset_params: expected a section avatars or heads, found neither")


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
