"""Started by the tests, in a Python that has the backend: training steps on given data.

Usage: record_steps.py BACKEND CONFIG DATA.npz RESULT.npz [smooth]

With "smooth" nothing has a kink: where one side of 0 is another slope, as in ReLU and |x|, the
rounding of one value near 0 moves gradients by more than all other rounding.
"""

import sys
from dataclasses import fields

import numpy as np

from fomm_core.distributed import SingleProcess
from fomm_train.backend.precision import Arithmetic
from fomm_train.backend.registry import choose_backend
from fomm_train.backend.solvers import BETA1
from fomm_train.config import load_train_config
from fomm_train.data.batch import Batch, Truth
from fomm_train.graph.step import TrainingStep
from fomm_train.graph.training_graph import build_graph
from fomm_train.losses.vgg19 import Vgg19
from fomm_train.losses.vgg19_weights import expected_shapes
from fomm_train.losses.weighting import is_on


def random_vgg19(ops):
    """VGG19 with random weights, the same everywhere."""
    random = np.random.default_rng(19)
    weights = {}
    for name, shape in expected_shapes().items():
        deviation = np.sqrt(2 / (9 * shape[1])) if len(shape) > 1 else 0.01
        weights[name] = (random.standard_normal(shape) * deviation).astype(np.float32)
    return Vgg19(ops, weights)


def smoothed(ops):
    """The same operations without kinks: x * sigmoid(x) for ReLU, a hyperbola for |x|."""

    class Smooth(type(ops)):
        def relu(self, x):
            return x * self.sigmoid(x)

        def leaky_relu(self, x, slope):
            return x * slope + self.relu(x) * (1 - slope)

        def abs(self, x):
            return self.exp(self.log(x * x + 0.01) * 0.5)

        def absolute_error(self, a, b):
            return self.abs(a - b)

    values = {field.name: getattr(ops, field.name) for field in fields(ops)}
    return Smooth(**values)


def main(backend, config_path, data_path, result_path, *smooth):
    communicator = SingleProcess()
    config = load_train_config(config_path)
    opened = choose_backend(backend, "cpu", "float").open()
    precision = opened.make_precision("cpu", communicator, Arithmetic())
    ops = precision.make_operations(communicator)
    if smooth:
        ops = smoothed(ops)
    has_vgg = is_on(config.train_params.loss_weights.perceptual)
    graph = build_graph(config, ops, random_vgg19(ops) if has_vgg else None, precision)
    data = dict(np.load(data_path))
    steps, size = data["source"].shape[:2]
    step = TrainingStep(config, graph, communicator, precision, steps)
    found = {f"start/{n}": v for n, v in graph.networks.values().items()}
    for number in range(steps):
        now = {name: array[number] for name, array in data.items()}
        truth = {n.removeprefix("truth/"): v for n, v in now.items() if n.startswith("truth/")}
        frames = {name: array for name, array in now.items() if not name.startswith("truth/")}
        ids = np.arange(size) + number * size
        batch = Batch(**frames, truth=Truth(**truth) if truth else None, sample_ids=ids)
        report = step.run(batch, 0, number)
        for loss in report.losses:
            found[f"loss/{number}/{loss.name}"] = np.array(loss.value)
        if number == 0:
            for moments in step.solver_states().values():
                for name, one in moments.items():
                    found[f"gradient/{name}"] = one.mean / (1 - BETA1)
    for name, value in graph.networks.values().items():
        found[f"parameter/{name}"] = value
    found["prediction"] = graph.predictions().frames
    np.savez(result_path, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
