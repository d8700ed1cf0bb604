"""Golden numbers, VGG19 with reproducible weights, and gradients to compare with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from fomm_train.config import TrainConfig, load_train_config
from fomm_train.losses.vgg19_weights import expected_shapes

GOLDEN = Path(__file__).resolve().parents[2] / "fomm-core" / "tests" / "golden"

WITHOUT_NNABLA = "needs NNabla, which is not installed"


class ModuleOrSkip(pytest.Module):
    """A module of tests, which are skipped where it cannot be imported for want of NNabla."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        try:
            return list(super().collect())
        except self.CollectError as error:
            if "No module named 'nnabla'" not in str(error):
                raise
            pytest.skip(WITHOUT_NNABLA, allow_module_level=True)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Skip modules that need NNabla on Pythons for which it has no wheels."""
    if find_spec("nnabla") is not None:
        return None
    return ModuleOrSkip.from_parent(parent, path=module_path)


@pytest.fixture(scope="session")
def needs_nnabla():
    """Skip a test without NNabla."""
    if find_spec("nnabla") is None:
        pytest.skip(WITHOUT_NNABLA)


@pytest.fixture(scope="session")
def needs_backend():
    """Skip a test where nothing is installed that computes a training."""
    if find_spec("nnabla") is None and find_spec("torch") is None:
        pytest.skip("needs NNabla or PyTorch, which are not installed")


@pytest.fixture(scope="session")
def golden():
    """The reference's losses and what they were computed from, by name."""
    with np.load(GOLDEN / "mini/losses.npz") as file:
        return dict(file)


@pytest.fixture(scope="session")
def golden_io():
    """The reference's inputs and outputs of the networks, by name."""
    with np.load(GOLDEN / "mini/io.npz") as file:
        return dict(file)


@pytest.fixture(scope="session")
def mini_params() -> Path:
    return GOLDEN / "mini/params.h5"


@pytest.fixture(scope="session")
def mini_config() -> TrainConfig:
    return load_train_config(GOLDEN / "mini/config.yaml")


@pytest.fixture(scope="session")
def listed_shapes():
    """Read a list of parameter shapes by name, those of the discriminator."""

    def read(name):
        shapes = json.loads((GOLDEN / name).read_text(encoding="utf-8"))
        return {k: tuple(v) for k, v in shapes.items() if k.startswith("discriminator/")}

    return read


@pytest.fixture(scope="session")
def vgg_parameters():
    """Random weights by the rule of the golden numbers."""
    parameters = {}
    for name, shape in expected_shapes().items():
        index = int(name.split("/")[0].removeprefix("conv"))
        random = np.random.RandomState(100 + index)
        if name.endswith("W"):
            weight_shape = shape
            values = random.normal(0, np.sqrt(2 / (9 * shape[1])), shape)
        else:
            random.normal(size=weight_shape)
            values = random.normal(0, 0.01, shape)
        parameters[name] = values.astype(np.float32)
    return parameters


@pytest.fixture(scope="session")
def ops(needs_nnabla):
    """NNabla's operations and kernels, for what has no parameters of its own."""
    from fomm_train.backend.nnabla.operations import NNablaTrainingOperations

    return NNablaTrainingOperations()


@pytest.fixture(scope="session")
def vgg(ops, vgg_parameters):
    from fomm_train.losses.vgg19 import Vgg19

    return Vgg19(ops, vgg_parameters)


@pytest.fixture(scope="session")
def evaluate():
    """Run a loss on arrays; returns its value and its gradient to each array."""
    import nnabla as nn

    def run(build, *arrays):
        inputs = [
            nn.Variable.from_numpy_array(a.astype(np.float32), need_grad=True) for a in arrays
        ]
        for variable in inputs:
            variable.g = 0
        loss = build(*inputs)
        loss.forward(clear_no_need_grad=True)
        loss.backward(clear_buffer=True)
        return float(loss.d), [variable.g.copy() for variable in inputs]

    return run


@pytest.fixture(scope="session")
def numeric_gradient():
    """The gradient of a function of one float64 array, by central differences."""

    def differentiate(function, at, step=1e-6):
        at = at.astype(np.float64)
        result = np.zeros_like(at)
        for index in np.ndindex(*at.shape):
            high, low = at.copy(), at.copy()
            high[index] += step
            low[index] -= step
            result[index] = (function(high) - function(low)) / (2 * step)
        return result

    return differentiate


@pytest.fixture(scope="session")
def functions_in():
    """Count the functions of a graph by type: all, or those with backward work only."""

    def count(variable, only_with_gradient=False):
        found: Counter[str] = Counter()

        def visit(function):
            if not only_with_gradient or any(v.need_grad for v in function.outputs):
                found[function.info.type_name] += 1

        variable.visit(visit)
        return found

    return count


@pytest.fixture(scope="session")
def write_labelled(tmp_path_factory):
    """Write avatars with label maps as ``fomm heads`` writes people, in lossless frames."""
    from fomm_train.config import SyntheticParams
    from fomm_train.synthetic.dataset import DatasetSettings, SyntheticDataset
    from fomm_train.synthetic.drawn.regions import eye_mask, mouth_mask
    from fomm_train.synthetic.drawn.world import DrawnWorld
    from fomm_train.synthetic.heads.labels import LABEL_NAMES, Label, masks_of

    class LabelledAvatars(DrawnWorld):
        label_names = LABEL_NAMES

        def masks(self, identity, pose):
            labels = (super().masks(identity, pose).foreground[0] > 0.5).astype(np.uint8)
            labels[eye_mask(pose, self.size)[0] > 0.5] = Label.EYES
            labels[mouth_mask(pose, self.size)[0] > 0.5] = Label.MOUTH
            return masks_of(labels)

    def write(size, **params):
        out = tmp_path_factory.mktemp("people")
        settings = DatasetSettings(SyntheticParams(**params), size, "png", 0.0)
        with SyntheticDataset.open(out, LabelledAvatars(size), settings) as dataset:
            for task in dataset.tasks():
                dataset.write(task)
        return out

    return write
