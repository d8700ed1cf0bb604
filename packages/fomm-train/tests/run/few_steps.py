"""Started by the tests, by itself or under mpirun: a few training steps on given data.

Usage: few_steps.py CONFIG DATA.npz RESULT.npz STEPS
"""

import sys

import nnabla as nn
import numpy as np

from fomm_core.distributed import join_ranks
from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
from fomm_train.backend.nnabla.precision import make_precision
from fomm_train.config import load_train_config
from fomm_train.data.batch import Batch
from fomm_train.graph.step import TrainingStep
from fomm_train.graph.training_graph import build_graph
from fomm_train.kernels.batch_normalization import normalize_over_ranks


def main(config_path, data_path, result_path, steps):
    communicator = join_ranks()
    precision = make_precision("cpu", 0)
    config = load_train_config(config_path)
    size = config.train_params.batch_size
    ops = NNablaTrainingOperations(
        lambda x: normalize_over_ranks(x, communicator), precision.kernels
    )
    graph = build_graph(config, ops, None, precision)
    step = TrainingStep(config, graph, communicator, precision, int(steps))
    data = np.load(data_path)
    found = {"losses": []}
    for name, parameter in graph.networks.parameters().items():
        found[f"start/{name}"] = parameter.d.copy()
    for number in range(int(steps)):
        start = communicator.rank * size
        own = slice(start, start + size)
        frames = [data[name][number, own] for name in ("source", "driving", "target")]
        ids = np.arange(start, start + size) + number * size * communicator.size
        report = step.run(Batch(*frames, None, ids), 0, number)
        found["losses"].append([loss.value for loss in report.losses])
        if number == 0:
            for name, parameter in graph.networks.parameters().items():
                if parameter.need_grad:
                    found[f"gradient/{name}"] = parameter.g.copy()
    for name, parameter in graph.networks.parameters().items():
        found[f"parameter/{name}"] = parameter.d.copy()
    if communicator.is_main:
        np.savez(result_path, **found)


if __name__ == "__main__":
    nn.logger.setLevel("ERROR")
    main(*sys.argv[1:])
