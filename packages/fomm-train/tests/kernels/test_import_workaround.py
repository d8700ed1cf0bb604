import sys

import nnabla as nn
import pytest

from fomm_train.kernels.import_workaround import remember_absent_modules


@pytest.fixture
def searched(monkeypatch):
    """The names of modules that are searched for on disk from now on."""
    names = []

    class Listening:
        @staticmethod
        def find_spec(name, path=None, target=None):
            names.append(name)

    monkeypatch.setattr(sys, "meta_path", [Listening, *sys.meta_path])
    return names


def test_access_to_values_searches_no_modules(searched):
    variable = nn.Variable((2, 3))
    variable.data.data.fill(0)  # imports what is there
    variable.grad.data.fill(0)
    remember_absent_modules()
    searched.clear()
    assert variable.data.data.shape == variable.grad.data.shape == (2, 3)
    assert searched == []


def test_a_module_that_is_there_stays(monkeypatch):
    monkeypatch.setitem(sys.modules, "nnabla.nnabla", nn)
    remember_absent_modules()
    assert sys.modules["nnabla.nnabla"] is nn
