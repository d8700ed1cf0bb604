"""Training pairs from videos: two frames of one video, augmented alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from typing_extensions import Self

from fomm_core.dataset import find_videos, group_by_identity, part_folder
from fomm_core.errors import ConfigError, MediaError
from fomm_core.image import fit, to_network
from fomm_core.motion.keypoints import FloatArray
from fomm_core.utils.cache import cache_folder
from fomm_core.utils.rng import make_rng
from fomm_train.config import AugmentationParams, TrainConfig
from fomm_train.data.augment import draw_augmentation
from fomm_train.data.batch import Pair
from fomm_train.data.clip import Clip, open_clip
from fomm_train.data.index import IndexStore


@runtime_checkable
class SkipsVideos(Protocol):
    """A source of pairs that goes on without the videos it cannot read.

    Attributes:
        skipped: why, in one line, by the video's path; it grows as videos are met.
    """

    skipped: dict[Path, str]


class VideoPairs:
    """Pairs of frames of one video; a :class:`~fomm_train.data.batch.PairSource`.

    Two frames are drawn from a video; the earlier one is the source unless time is flipped.
    A video that cannot be read is replaced by another, which depends on the seed and the
    sample alone: the same in every process and after resuming.

    Args:
        videos: video files and folders of frames.
        size: (height, width) of the frames to deliver; others are cut at the centre to these
            proportions and scaled.
        repeats: visits of every video (or identity) in one epoch.
        seed: what all draws derive from.
        id_sampling: visit identities, and draw one of their videos each time.
        root: the folder with the videos; the names of its sub-folders are part of the videos'.
        augmentation: what is done to the frames.
        index_folder: where to keep what is known of the files between runs, ``None`` for
            nowhere.

    Attributes:
        skipped: the videos met so far that cannot be read, and why.
        knows_truth: false; nobody knows the keypoints of a video.

    Raises:
        MediaError: there are no videos.
    """

    knows_truth = False

    def __init__(
        self,
        videos: Sequence[Path],
        size: tuple[int, int],
        *,
        repeats: int = 1,
        seed: int = 0,
        id_sampling: bool = False,
        root: Path | None = None,
        augmentation: AugmentationParams | None = None,
        index_folder: Path | None = None,
    ) -> None:
        if not videos:
            raise MediaError("training pairs: expected at least one video, found none")
        self.skipped: dict[Path, str] = {}
        self._units = (
            group_by_identity(videos, root) if id_sampling else [[video] for video in videos]
        )
        self._size = size
        self._repeats = repeats
        self._seed = seed
        self._augmentation = augmentation or AugmentationParams()
        self._store = IndexStore(index_folder)
        self._hopeless: dict[Path, MediaError] = {}

    @classmethod
    def from_config(cls, config: TrainConfig) -> Self:
        """Open the training part of the data set that a configuration names.

        Raises:
            ConfigError: it asks for frames that are not RGB.
            MediaError: there is no such folder or it has no videos.
        """
        dataset, train = config.dataset_params, config.train_params
        if dataset.frame_shape[2] != 3:
            raise ConfigError(
                f"dataset_params.frame_shape: expected 3 channels, found {dataset.frame_shape[2]}"
            )
        return cls(
            find_videos(dataset.root_dir, "train", by_identity=dataset.id_sampling),
            config.frame_size,
            repeats=train.num_repeats,
            seed=train.seed,
            id_sampling=dataset.id_sampling,
            root=part_folder(dataset.root_dir, "train"),
            augmentation=dataset.augmentation_params,
            index_folder=cache_folder() / "clips",
        )

    def __len__(self) -> int:
        return len(self._units) * self._repeats

    def pair(self, epoch: int, index: int) -> Pair:
        """Make a sample; see :class:`~fomm_train.data.batch.PairSource`.

        Raises:
            MediaError: no video at all can be read.
        """
        for video in self._candidates(epoch, index):
            try:
                frames = self._read(video, make_rng(self._seed, "frames", epoch, index))
            except MediaError as error:
                self.skipped.setdefault(video, str(error))
            else:
                return self._augmented(frames, make_rng(self._seed, "augment", epoch, index))
        video, reason = next(iter(self.skipped.items()))
        raise MediaError(
            f"{video.parent}: expected videos that can be read, found {len(self.skipped)} that "
            f"cannot; the first: {reason}"
        )

    def _candidates(self, epoch: int, index: int) -> Iterator[Path]:
        """Yield the video of a sample and, in case it is damaged, all others in its place."""
        unit = self._units[index % len(self._units)]
        order = make_rng(self._seed, "video", epoch, index).permutation(len(unit))
        yield from (unit[i] for i in order)
        others = make_rng(self._seed, "replacement", epoch, index).permutation(len(self._units))
        for i in others:
            if self._units[i] is not unit:
                yield from self._units[i]

    def _read(self, video: Path, random: np.random.Generator) -> FloatArray:
        """Read two random frames of a video as (2, 3, H, W) float32 in [0, 1]."""
        clip = self._open(video)
        numbers = sorted(random.integers(0, len(clip), 2).tolist())
        frames = [fit(frame, self._size) for frame in clip.frames(numbers)]
        return np.stack([to_network(frame) for frame in frames])

    def _open(self, video: Path) -> Clip:
        """Open a video; one that failed here fails again without a second look.

        What failed later is tried anew: whether a sample is replaced must not depend on the
        samples before it.
        """
        if video in self._hopeless:
            raise self._hopeless[video]
        try:
            return open_clip(video, self._store)
        except MediaError as error:
            self._hopeless[video] = error
            raise

    def _augmented(self, frames: FloatArray, random: np.random.Generator) -> Pair:
        frames = draw_augmentation(self._augmentation, random).apply(frames)
        source, driving = np.ascontiguousarray(frames)
        return Pair(source, driving, target=driving)
