"""The data of a training: the pairs that its configuration names, and who reads them."""

from __future__ import annotations

import os
from collections.abc import Callable

from fomm_core.distributed import Communicator
from fomm_core.distributed.launcher import local_size
from fomm_core.errors import ConfigError
from fomm_core.utils.machine import usable_cores
from fomm_train.config import TrainConfig
from fomm_train.data.batch import PairSource
from fomm_train.data.workers.loader import BatchLoader
from fomm_train.graph.inputs import needs_truth

MakePairs = Callable[[TrainConfig], PairSource]

_MOST_WORKERS = 4


def open_pairs(config: TrainConfig) -> PairSource:
    """Open the data set that the configuration names.

    Raises:
        FommError: it is missing or empty.
    """
    if config.dataset_params.avatars is not None or config.dataset_params.heads is not None:
        from fomm_train.synthetic.pairs import SyntheticPairs

        return SyntheticPairs.from_config(config)
    from fomm_train.data.pairs import VideoPairs
    from fomm_train.synthetic.stored import StoredPairs
    from fomm_train.synthetic.stored_truth import knows_truth

    if needs_truth(config.train_params) and knows_truth(config.dataset_params.root_dir):
        return StoredPairs.from_config(config)
    return VideoPairs.from_config(config)


def open_loader(
    config: TrainConfig,
    communicator: Communicator,
    workers: int | None = None,
    make_pairs: MakePairs = open_pairs,
) -> BatchLoader:
    """Open the data set and start what makes this rank's batches.

    Args:
        config: names the data set, and says what the losses need of it.
        communicator: the ranks.
        workers: number of processes; ``None`` for one that suits the machine.
        make_pairs: opens the data set.

    Raises:
        FommError: it is missing or empty, or does not know what the losses need.
    """
    pairs = make_pairs(config)
    _check_truth(config, pairs)
    return BatchLoader(
        pairs,
        config.train_params.batch_size,
        communicator.rank,
        communicator.size,
        config.train_params.seed,
        choose_workers(communicator) if workers is None else workers,
    )


def _check_truth(config: TrainConfig, pairs: PairSource) -> None:
    """Refuse data that do not know what the losses need."""
    if needs_truth(config.train_params) and not pairs.knows_truth:
        raise ConfigError(
            "train_params: supervision, region weights, relative motion and true keypoints need a "
            "data set that knows the truth (dataset_params.avatars and 10 keypoints, heads and 20, "
            "or one written by fomm heads), found one that does not"
        )


def choose_workers(communicator: Communicator) -> int:
    """Worker processes for this rank: the cores that training leaves free, but at least one."""
    ranks = local_size(os.environ, communicator.size)
    return max(1, min(_MOST_WORKERS, usable_cores() // ranks - 1))
