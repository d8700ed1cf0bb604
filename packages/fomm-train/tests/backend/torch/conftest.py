"""PyTorch, where it is installed."""

import pytest


@pytest.fixture(scope="session")
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def torch_ops(torch):
    """Operations without parameters; batch normalisation takes the recorded statistics."""
    from fomm_train.backend.torch.normalization import running_statistics
    from fomm_train.backend.torch.operations import TorchTrainingOperations
    from fomm_train.backend.torch.parameters import ParameterStore

    return TorchTrainingOperations(ParameterStore(torch.device("cpu")), running_statistics)


@pytest.fixture
def values(torch_ops):
    """A function: the values of a tensor, or the one of a loss."""

    def read(tensor):
        value = torch_ops.read(tensor)
        return float(value) if value.ndim == 0 else value

    return read
