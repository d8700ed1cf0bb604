import pytest

from fomm_train.backend import registry
from fomm_train.backend.registry import choose_backend
from fomm_train.errors import TrainingError


@pytest.fixture
def installed(monkeypatch):
    def install(*names, gpu=False, failure=""):
        monkeypatch.setattr(registry, "find_spec", lambda name: name if name in names else None)
        monkeypatch.setattr(registry, "_torch_failure", lambda: failure)
        monkeypatch.setattr(registry, "_only_torch_has_a_gpu", lambda: gpu)

    return install


@pytest.mark.parametrize(
    ("names", "expected", "reason"),
    [
        (["nnabla"], "nnabla", "PyTorch is not installed"),
        (["torch"], "torch", "NNabla is not installed"),
        (["nnabla", "torch"], "nnabla", "it is the reference"),
    ],
)
def test_what_is_installed_is_taken_and_the_reference_of_both(installed, names, expected, reason):
    installed(*names)
    choice = choose_backend("auto", "auto", "float")
    assert choice.name == expected
    assert choice.reason.startswith(reason)


@pytest.mark.parametrize(
    ("context", "type_config", "gpu", "expected"),
    [
        ("auto", "float", True, "torch"),
        ("cpu", "float", True, "nnabla"),
        ("cudnn", "float", True, "torch"),
        ("mps", "float", False, "torch"),
        ("cpu", "bfloat16", False, "torch"),
        ("auto", "tf32", False, "torch"),
        ("auto", "half", False, "nnabla"),
    ],
)
def test_device_and_precision_may_ask_for_one(installed, context, type_config, gpu, expected):
    installed("nnabla", "torch", gpu=gpu)
    choice = choose_backend("auto", context, type_config)
    assert choice.name == expected
    assert choice.reason


def test_an_interrupted_training_goes_on_with_the_same(installed):
    installed("nnabla", "torch", gpu=True)
    assert choose_backend("auto", "auto", "float", "nnabla").name == "nnabla"
    assert choose_backend("auto", "auto", "float", "torch").name == "torch"


@pytest.mark.parametrize("name", ["nnabla", "torch"])
def test_one_that_is_asked_for_is_taken_or_refused(installed, name):
    installed("nnabla", "torch", gpu=True)
    choice = choose_backend(name, "auto", "float", "torch")
    assert (choice.name, choice.reason) == (name, "")
    installed()
    with pytest.raises(TrainingError, match=f"--backend {name}: expected"):
        choose_backend(name, "auto", "float")


def test_one_that_cannot_be_imported_is_passed_over_or_refused(installed):
    installed("nnabla", "torch", gpu=True, failure="no libomp.so")
    choice = choose_backend("auto", "auto", "float")
    assert choice.name == "nnabla"
    assert choice.reason == "PyTorch is installed but cannot be imported: no libomp.so"
    for wanted, context, before in (
        ("torch", "auto", None),
        ("auto", "mps", None),
        ("auto", "auto", "torch"),
    ):
        with pytest.raises(TrainingError, match=r"cannot be imported \(no libomp.so\); install it"):
            choose_backend(wanted, context, "float", before)
