"""Training pairs of synthetic people from a data set on disk, with their truth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from typing_extensions import Self

from fomm_core.dataset import clip_name, find_videos
from fomm_core.errors import ConfigError, MediaError
from fomm_core.image import fit
from fomm_core.motion.ground_truth import TrueKeypoints
from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.cache import cache_folder
from fomm_core.utils.rng import make_rng
from fomm_train.config import AugmentationParams, TrainConfig
from fomm_train.data.augment import draw_augmentation
from fomm_train.data.batch import Pair
from fomm_train.data.clip import open_clip
from fomm_train.data.index import IndexStore
from fomm_train.synthetic.heads.labels import masks_of
from fomm_train.synthetic.pairs import square_size
from fomm_train.synthetic.samples import Frames, SampleContent, Shown
from fomm_train.synthetic.stored_truth import TRUTH, ClipTruth, TruthStore, resize_keypoints

_CANDIDATES = 5
_MOST_CHANGE = 2.0


@dataclass(frozen=True)
class Moment:
    """A frame of a motion: number of the motion, number of the frame."""

    motion: str
    frame: int


class StoredPairs:
    """Pairs of frames of rendered people; a :class:`~fomm_train.data.batch.PairSource`.

    A sample is two frames of an identity, of one motion or of two. The second one is often that
    of some candidates which differs most from the first, in expression or in pose. Across
    identities the driving frames show another one of the group in the same poses.

    Args:
        root: a data set written by ``fomm heads``; clips without a truth are left out.
        size: height and width of the frames to deliver.
        repeats: visits of every identity in one epoch.
        cross_identity: probability that a sample is one across identities.
        seed: what all draws derive from.
        content: what samples consist of.
        augmentation: flips and colour changes.
        index_folder: where to keep what is known of the videos between runs.

    Raises:
        MediaError: there are no clips.
        ConfigError: pairs across identities are asked for where no two share their motions.
    """

    knows_truth = True

    def __init__(
        self,
        root: Path,
        size: int,
        *,
        repeats: int = 1,
        cross_identity: float = 0.0,
        seed: int = 0,
        content: SampleContent | None = None,
        augmentation: AugmentationParams | None = None,
        index_folder: Path | None = None,
    ) -> None:
        self._root, self._size = root, size
        self._clips = _find_clips(root)
        self._identities = sorted(self._clips)
        self._group = _group_size(root)
        if cross_identity and not any(self._companions(i) for i in self._identities):
            raise ConfigError(
                f"{root}: expected groups of people that share their motions, for "
                "train_params.cross_identity; found none"
            )
        self._repeats, self._cross_identity, self._seed = repeats, cross_identity, seed
        self._content = content or SampleContent()
        self._augmentation = augmentation or AugmentationParams()
        self._store = IndexStore(index_folder)
        self._truths = TruthStore()

    @classmethod
    def from_config(cls, config: TrainConfig) -> Self:
        """Open the training part of the data set that a configuration names.

        Raises:
            ConfigError: its frames are not square, the data set knows another number of
                keypoints than the model has, or see the class.
            MediaError: there are no clips.
        """
        train = config.train_params
        pairs = cls(
            Path(config.dataset_params.root_dir),
            square_size(config, "people"),
            repeats=train.num_repeats,
            cross_identity=train.cross_identity,
            seed=train.seed,
            content=SampleContent.of(config, truth=True),
            augmentation=config.dataset_params.augmentation_params,
            index_folder=cache_folder() / "clips",
        )
        wanted, found = config.model_params.common_params.num_kp, pairs.num_kp
        if wanted != found:
            raise ConfigError(
                f"model_params.common_params.num_kp: expected {found}, as {pairs._root} knows, "
                f"found {wanted}"
            )
        return pairs

    @property
    def num_kp(self) -> int:
        """Number of true keypoints K.

        Raises:
            MediaError: the first clip's truth cannot be read.
        """
        identity = self._identities[0]
        first = Moment(min(self._clips[identity]), 0)
        return self._truth(identity, first).keypoints.value.shape[1]

    def __len__(self) -> int:
        return len(self._identities) * self._repeats

    def pair(self, epoch: int, index: int) -> Pair:
        """Make a sample; see :class:`~fomm_train.data.batch.PairSource`.

        Raises:
            MediaError: a clip or its truth cannot be read.
        """
        random = make_rng(self._seed, "stored pair", epoch, index)
        change = draw_augmentation(self._augmentation, random)
        identity = self._identities[index % len(self._identities)]
        moments = self._draw_moments(identity, random)
        if change.time_flip:
            moments.reverse()
        driving = self._draw_driving(identity, moments, random)
        source, target = (self._show(identity, moment) for moment in moments)
        frames = Frames(source, target, target, source)
        if driving != identity:
            reference, driver = (self._show(driving, moment) for moment in moments)
            frames = Frames(source, driver, target, reference)
        mirrored = self._truth(identity, moments[0]).mirrored_keypoints
        return self._content.make_pair(frames, change, mirrored, random)

    def _draw_moments(self, identity: int, random: np.random.Generator) -> list[Moment]:
        """Draw two frames of an identity."""
        motions = sorted(self._clips[identity])
        first, second = (motions[int(i)] for i in random.integers(0, len(motions), 2))
        one = self._truth(identity, Moment(first, 0)).keypoints
        other = self._truth(identity, Moment(second, 0)).keypoints
        start = int(random.integers(0, len(one)))
        candidates = random.integers(0, len(other), _CANDIDATES)
        scores = _differences(one, start, other, candidates, float(random.random()))
        return [Moment(first, start), Moment(second, int(candidates[int(np.argmax(scores))]))]

    def _draw_driving(
        self, identity: int, moments: list[Moment], random: np.random.Generator
    ) -> int:
        """Draw whose frames drive: the identity's own or a companion's."""
        wanted = {moment.motion for moment in moments}
        others = [i for i in self._companions(identity) if wanted <= set(self._clips[i])]
        chance, place = random.random(2)
        if not others or chance >= self._cross_identity:
            return identity
        return others[int(place * len(others))]

    def _companions(self, identity: int) -> list[int]:
        """The other identities of the same group."""
        group = identity // self._group
        return [i for i in self._identities if i // self._group == group and i != identity]

    def _truth(self, identity: int, moment: Moment) -> ClipTruth:
        name = clip_name(self._clips[identity][moment.motion])
        return self._truths.read(self._root / TRUTH / f"{name}.npz")

    def _show(self, identity: int, moment: Moment) -> Shown:
        truth, number = self._truth(identity, moment), moment.frame
        (frame,) = open_clip(self._clips[identity][moment.motion], self._store).frames([number])
        labels = truth.labels[number]
        keypoints = resize_keypoints(truth.keypoints, number, labels.shape[0], self._size)
        shown = Image.fromarray(labels).resize((self._size, self._size), Image.Resampling.NEAREST)
        return Shown(fit(frame, (self._size, self._size)), keypoints, masks_of(np.asarray(shown)))


def _find_clips(root: Path) -> dict[int, dict[str, Path]]:
    """The clips with a truth by identity and motion, by their names ``identity#motion``.

    Raises:
        MediaError: there are none.
    """
    clips: dict[int, dict[str, Path]] = {}
    for video in find_videos(root, "train", by_identity=True):
        identity, _, motion = clip_name(video).partition("#")
        if identity.isdecimal() and (root / TRUTH / f"{clip_name(video)}.npz").is_file():
            clips.setdefault(int(identity), {})[motion] = video
    if not clips:
        raise MediaError(
            f"{root}: expected clips <person>#<motion> with their truth, found none; "
            f"write some with: fomm heads --out {root}"
        )
    return clips


def _group_size(root: Path) -> int:
    """Identities that share their motions, as the data set's settings say; 1 without any."""
    for path in sorted(root.glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        group = content.get("group") if isinstance(content, dict) else None
        if isinstance(group, int) and group > 0:
            return group
    return 1


def _differences(
    one: TrueKeypoints,
    start: int,
    other: TrueKeypoints,
    candidates: npt.NDArray[np.int64],
    kind: float,
) -> FloatArray:
    """Difference of candidate frames from the first: in expression, in pose, or none at all.

    An expression changes the surroundings of some keypoints unlike those of the others.

    Args:
        one, start: the first frame.
        other, candidates: numbers (N,) of frames of the other motion.
        kind: below 0.35 for expressions, below 0.6 for poses, else all are equal.
    """
    if kind >= 0.6 or one.jacobian is None or other.jacobian is None:
        return np.zeros(len(candidates), np.float32)
    if kind >= 0.35:
        moved: FloatArray = np.abs(other.value[candidates] - one.value[start]).mean(axis=(1, 2))
        return moved
    change = other.jacobian[candidates] @ np.linalg.inv(one.jacobian[start])
    unlike = np.abs(change - np.median(change, axis=1, keepdims=True))
    bent: FloatArray = np.minimum(unlike, _MOST_CHANGE).mean(axis=(1, 2, 3)).astype(np.float32)
    return bent
