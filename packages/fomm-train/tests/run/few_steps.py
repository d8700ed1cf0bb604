"""Started by the tests, by itself, under mpirun or torchrun: a few training steps on given data.

Usage: few_steps.py BACKEND CONFIG DATA.npz RESULT.npz STEPS
"""

import sys

import numpy as np

from fomm_train.backend.precision import Arithmetic
from fomm_train.backend.registry import BackendChoice
from fomm_train.config import load_train_config
from fomm_train.data.batch import Batch
from fomm_train.graph.step import TrainingStep
from fomm_train.graph.training_graph import build_graph


def make_operations(precision, communicator):
    """Those of the backend; NNabla's with the same batch normalisation on one rank as on two."""
    if precision.arithmetic.backend == "torch":
        return precision.make_operations(communicator)
    import nnabla as nn

    from fomm_train.backend.nnabla.operations import NNablaTrainingOperations
    from fomm_train.kernels.batch_normalization import normalize_over_ranks

    nn.logger.setLevel("ERROR")
    return NNablaTrainingOperations(
        lambda x: normalize_over_ranks(x, communicator), precision.kernels
    )


def main(name, config_path, data_path, result_path, steps):
    backend = BackendChoice(name).open()
    communicator = backend.join_ranks("cpu")
    precision = backend.make_precision("cpu", communicator, Arithmetic(backend=name))
    config = load_train_config(config_path)
    size = config.train_params.batch_size
    ops = make_operations(precision, communicator)
    graph = build_graph(config, ops, None, precision)
    step = TrainingStep(config, graph, communicator, precision, int(steps))
    data = np.load(data_path)
    found = {"losses": []}
    for name, parameter in graph.networks.parameters().items():
        found[f"start/{name}"] = ops.read(parameter).copy()
    for number in range(int(steps)):
        start = communicator.rank * size
        own = slice(start, start + size)
        frames = [data[name][number, own] for name in ("source", "driving", "target")]
        ids = np.arange(start, start + size) + number * size * communicator.size
        report = step.run(Batch(*frames, None, ids), 0, number)
        found["losses"].append([loss.value for loss in report.losses])
        if number == 0:
            for solver in step.solvers.values():
                for name, gradient in zip(solver.state(), solver.gradients, strict=True):
                    found[f"gradient/{name}"] = np.array(gradient.data)
    for name, parameter in graph.networks.parameters().items():
        found[f"parameter/{name}"] = ops.read(parameter).copy()
    if communicator.is_main:
        np.savez(result_path, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
