from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fomm_core.errors import DownloadError, ModelError, ParameterError
from fomm_core.model.parameters import load_parameters
from fomm_train.config import TrainParams
from fomm_train.losses import vgg19_weights
from fomm_train.losses.vgg19_weights import convert_torchvision, find_weights, from_torchvision

PLACES = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28)


@pytest.fixture(scope="session")
def torchvision_state(vgg_parameters):
    """What torchvision's checkpoint holds, with the last three convolutions and a classifier."""
    state = {}
    for index, place in enumerate(PLACES, start=1):
        state[f"features.{place}.weight"] = vgg_parameters[f"conv{index}/conv/W"]
        state[f"features.{place}.bias"] = vgg_parameters[f"conv{index}/conv/b"]
    state["features.30.weight"] = np.zeros((2, 2, 3, 3), dtype=np.float32)
    state["classifier.0.weight"] = np.zeros((2, 2), dtype=np.float32)
    return state


def save_torch(path, state):
    torch = pytest.importorskip("torch")
    torch.save({name: torch.from_numpy(value) for name, value in state.items()}, path)
    return path


def equal(found, expected):
    assert list(found) == list(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)


def test_torchvision_names_become_those_of_the_published_file(torchvision_state, vgg_parameters):
    equal(from_torchvision(torchvision_state, "state"), vgg_parameters)


def test_another_network_is_refused(torchvision_state):
    with_norm = {k: v for k, v in torchvision_state.items() if k != "features.2.weight"}
    with pytest.raises(ParameterError, match=r"torchvision's VGG19, found no tensor features\.2\."):
        from_torchvision(with_norm, "vgg19_bn.pth")
    misshapen = {**torchvision_state, "features.0.bias": np.zeros(3, dtype=np.float32)}
    with pytest.raises(ParameterError, match=r"^x\.pth: conv1/conv/b: .* found \(3,\)"):
        from_torchvision(misshapen, "x.pth")


def test_a_checkpoint_is_converted_to_a_parameter_file(tmp_path, torchvision_state, vgg_parameters):
    source = save_torch(tmp_path / "vgg19.pth", torchvision_state)
    target = tmp_path / "vgg19.h5"
    convert_torchvision(source, target)
    equal(load_parameters(target), vgg_parameters)


def test_checkpoints_that_are_not_tensors_are_refused(tmp_path):
    torch = pytest.importorskip("torch")
    target = tmp_path / "vgg19.h5"
    torch.save({"path": Path("x")}, tmp_path / "objects.pth")
    with pytest.raises(ParameterError, match="could run code: it is not loaded"):
        convert_torchvision(tmp_path / "objects.pth", target)
    (tmp_path / "empty.pth").write_bytes(b"")
    with pytest.raises(ParameterError, match="damaged or different file"):
        convert_torchvision(tmp_path / "empty.pth", target)
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ParameterError, match="tensors by name, found list"):
        convert_torchvision(tmp_path / "list.pth", target)
    with pytest.raises(ParameterError, match="checkpoint, found none"):
        convert_torchvision(tmp_path / "none.pth", target)
    assert not target.exists()


def test_the_configured_file_is_taken(tmp_path):
    path = tmp_path / "mine.h5"
    path.write_bytes(b"")
    assert find_weights(TrainParams(vgg_param_path=str(path))) == path


def test_a_missing_file_says_both_ways_to_get_the_weights(tmp_path):
    params = TrainParams(vgg_param_path=str(tmp_path / "vgg19.h5"))
    with pytest.raises(ModelError, match="vgg_param_path: expected VGG19 weights") as caught:
        find_weights(params)
    assert "downloaded" in str(caught.value)
    assert "fomm vgg19 convert" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_a_configured_file_the_published_one_is_fetched(monkeypatch, tmp_path):
    asked = []

    def fetch(entry, progress):
        asked.append((entry.name, progress))
        return {"vgg19.h5": tmp_path / "vgg19.h5"}

    monkeypatch.setattr(vgg19_weights, "fetch", fetch)
    assert find_weights(TrainParams(), progress=False) == tmp_path / "vgg19.h5"
    assert asked == [("vgg19", False)]


def test_a_failing_download_says_both_ways_to_get_the_weights(monkeypatch):
    def fetch(entry, progress):
        raise DownloadError("https://somewhere/vgg19.h5: no answer")

    monkeypatch.setattr(vgg19_weights, "fetch", fetch)
    with pytest.raises(
        ModelError, match=r"https://somewhere/vgg19\.h5: no answer; or set"
    ) as caught:
        find_weights(TrainParams())
    assert "fomm vgg19 convert" in str(caught.value)
