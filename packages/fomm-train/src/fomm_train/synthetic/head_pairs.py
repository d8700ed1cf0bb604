"""Training pairs of rendered people."""

from __future__ import annotations

from typing_extensions import Self

from fomm_core.errors import ConfigError
from fomm_train.config import AugmentationParams, HeadParams, TrainConfig
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.heads.identity import Identity
from fomm_train.synthetic.heads.pose import Pose
from fomm_train.synthetic.heads.world import RenderedWorld
from fomm_train.synthetic.pairs import SyntheticPairs, square_size
from fomm_train.synthetic.samples import SampleContent


class HeadPairs(SyntheticPairs[Identity, Pose]):
    """Pairs of rendered people in frames of ``size`` pixels; see :class:`SyntheticPairs`."""

    def __init__(
        self,
        params: HeadParams,
        size: int,
        repeats: int = 1,
        cross_identity: float = 0.0,
        seed: int = 0,
        split: Split = Split.TRAIN,
        *,
        augmentation: AugmentationParams | None = None,
        with_truth: bool = True,
        content: SampleContent | None = None,
    ) -> None:
        super().__init__(
            RenderedWorld(size, params.supersampling),
            params,
            repeats,
            cross_identity,
            seed,
            split,
            augmentation=augmentation,
            with_truth=with_truth,
            content=content,
        )

    @classmethod
    def from_config(cls, config: TrainConfig, split: Split = Split.TRAIN) -> Self:
        """The rendered people that a configuration asks for.

        The truth goes with the samples where the model has as many keypoints as it knows, 20.

        Raises:
            ConfigError: the configuration has no ``dataset_params.heads``, or its frames are
                not square.
        """
        params = config.dataset_params.heads
        if params is None:
            raise ConfigError("dataset_params.heads: expected a section, found none")
        train = config.train_params
        return cls(
            params,
            square_size(config, "heads"),
            train.num_repeats,
            train.cross_identity,
            train.seed,
            split,
            augmentation=config.dataset_params.augmentation_params,
            content=SampleContent.of(
                config,
                config.model_params.common_params.num_kp == len(RenderedWorld.keypoint_names),
            ),
        )
