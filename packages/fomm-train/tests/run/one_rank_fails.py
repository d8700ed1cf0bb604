"""Started by the tests under mpirun or torchrun: a training whose data breaks on rank 1 alone.

Usage: one_rank_fails.py BACKEND CONFIG LOG KIND, KIND one of "user" and "defect"
"""

import sys
from pathlib import Path

import numpy as np

from fomm_core.cli.errors import abort_all_ranks_on_error
from fomm_core.errors import MediaError
from fomm_train.backend.precision import Arithmetic
from fomm_train.backend.registry import BackendChoice
from fomm_train.config import load_train_config
from fomm_train.data.batch import Pair
from fomm_train.run.start import start_new
from fomm_train.run.train import TrainOptions, run_training


class Pairs:
    knows_truth = False

    def __init__(self, broken):
        self.broken = broken

    def __len__(self):
        return 400

    def pair(self, epoch, index):
        if self.broken is not None:
            raise self.broken
        frames = np.random.default_rng(index).random((2, 3, 32, 32), dtype=np.float32)
        return Pair(frames[0], frames[1], frames[1])


def main(name, config, log, kind):
    error = MediaError("video7.mp4: no frames") if kind == "user" else RuntimeError("a defect")
    backend = BackendChoice(name).open()
    communicator = backend.join_ranks("cpu")
    with abort_all_ranks_on_error(communicator):
        run_training(
            start_new(load_train_config(config), Path(log), ""),
            communicator,
            backend.make_precision("cpu", communicator, Arithmetic(backend=name)),
            TrainOptions(workers=0),
            lambda _: Pairs(error if communicator.rank == 1 else None),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
