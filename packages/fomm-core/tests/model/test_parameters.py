from __future__ import annotations

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fomm_core.errors import OutputError, ParameterError
from fomm_core.model.parameters import (
    check_parameters,
    is_trained,
    load_parameters,
    save_parameters,
)

NAMES = (
    "kp_detector/keypoint_detector/conv/W",
    "generator/downblock/bn/mean",
    "generator/downblock/bn/var",
    "generator/downblock/bn/gamma",
    "discriminator/1/downblock_0/conv/W",
    "discriminator/1/downblock_0/conv/spectral-norm/u",
)

float32 = st.floats(-1e4, 1e4, width=32)
arrays = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=1, max_dims=4, max_side=3), elements=float32
)


@pytest.fixture
def parameters():
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=(2, i + 1)).astype(np.float32) for i, name in enumerate(NAMES)}


def golden(name: str) -> Path:
    return Path(__file__).resolve().parents[1] / "golden" / "mini" / name


def equal(one, other):
    return list(one) == list(other) and all(
        a.dtype == b.dtype and np.array_equal(a, b)
        for a, b in zip(one.values(), other.values(), strict=True)
    )


@given(st.dictionaries(st.sampled_from(NAMES), arrays, min_size=1))
def test_what_is_saved_is_loaded_in_the_same_order(tmp_path_factory, parameters):
    path = tmp_path_factory.mktemp("checkpoint") / "params.h5"
    save_parameters(path, parameters)
    assert equal(load_parameters(path), parameters)


def test_half_precision_is_half_the_size_and_loads_as_float32(tmp_path):
    parameters = {"generator/a/W": np.random.default_rng(0).normal(size=(100, 1000))}
    save_parameters(tmp_path / "full.h5", parameters)
    save_parameters(tmp_path / "half.h5", parameters, dtype=np.float16)
    sizes = [(tmp_path / name).stat().st_size for name in ("half.h5", "full.h5")]
    assert sizes[0] < 0.52 * sizes[1]
    loaded = load_parameters(tmp_path / "half.h5")["generator/a/W"]
    assert loaded.dtype == np.float32
    np.testing.assert_allclose(loaded, parameters["generator/a/W"], rtol=1e-3, atol=1e-7)


def test_half_precision_refuses_what_it_cannot_hold(tmp_path):
    parameters = {"generator/downblock/bn/var": np.array([1.0, -1e6])}
    with pytest.raises(ParameterError, match=r"downblock/bn/var: .* fit float16, found 1e\+06"):
        save_parameters(tmp_path / "half.h5", parameters, dtype=np.float16)
    assert list(tmp_path.iterdir()) == []


def test_equal_parameters_give_equal_bytes(tmp_path, parameters):
    save_parameters(tmp_path / "a.h5", parameters)
    save_parameters(tmp_path / "b.h5", parameters)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_attributes_are_those_of_nnabla(tmp_path, parameters):
    save_parameters(tmp_path / "a.h5", parameters)
    with h5py.File(tmp_path / "a.h5") as file:
        found = {n: (file[n].attrs["index"], file[n].attrs["need_grad"]) for n in NAMES}
    assert [index for index, _ in found.values()] == list(range(len(NAMES)))
    assert [n for n, (_, grad) in found.items() if not grad] == [NAMES[1], NAMES[2], NAMES[5]]
    assert [n for n in NAMES if not is_trained(n)] == [NAMES[1], NAMES[2], NAMES[5]]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
def test_every_floating_point_type_is_read_as_float32(tmp_path, dtype):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["generator/W"] = np.array([0.5, -2.0], dtype=dtype)
    loaded = load_parameters(tmp_path / "a.h5")["generator/W"]
    assert loaded.dtype == np.dtype("float32")
    assert loaded.tolist() == [0.5, -2.0]


def test_datasets_without_an_index_come_last_by_name(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, index in (("a", None), ("g/c", 1), ("b", None), ("z", 0)):
            file[name] = np.zeros(1)
            if index is not None:
                file[name].attrs["index"] = index
    assert list(load_parameters(tmp_path / "a.h5")) == ["z", "g/c", "a", "b"]


def test_golden_parameters_have_the_listed_names_and_shapes():
    listed = json.loads(golden("parameters.json").read_text())
    loaded = load_parameters(golden("params.h5"))
    assert {name: list(value.shape) for name, value in loaded.items()} == listed
    assert list(loaded) == list(listed)
    check_parameters(loaded, {name: tuple(shape) for name, shape in listed.items()}, "golden")


def test_nnabla_reads_what_was_saved(tmp_path, parameters):
    nn = pytest.importorskip("nnabla")
    save_parameters(tmp_path / "a.h5", parameters)
    with nn.parameter_scope("", {}):
        nn.load_parameters(str(tmp_path / "a.h5"))
        found = nn.get_parameters(grad_only=False)
        trained = nn.get_parameters(grad_only=True)
    assert equal({name: v.d for name, v in found.items()}, parameters)
    assert list(trained) == [name for name in NAMES if is_trained(name)]


def test_what_nnabla_saved_is_read(tmp_path):
    nn = pytest.importorskip("nnabla")
    PF = pytest.importorskip("nnabla.parametric_functions")
    with nn.parameter_scope("", {}):
        with nn.parameter_scope("generator"):
            h = PF.convolution(nn.Variable((1, 2, 4, 4)), 3, (3, 3), apply_w=PF.spectral_norm)
            PF.batch_normalization(h)
        nn.save_parameters(str(tmp_path / "theirs.h5"))
        expected = {name: v.d.copy() for name, v in nn.get_parameters(grad_only=False).items()}
    loaded = load_parameters(tmp_path / "theirs.h5")
    assert equal(loaded, expected)
    save_parameters(tmp_path / "ours.h5", loaded)
    with h5py.File(tmp_path / "theirs.h5") as theirs, h5py.File(tmp_path / "ours.h5") as ours:
        for name in expected:
            assert dict(ours[name].attrs) == dict(theirs[name].attrs), name


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "damaged or different"),
        (b"<!DOCTYPE html><html>not found</html>", "damaged or different"),
        (None, "expected a parameter file .*, found none"),
    ],
)
def test_what_is_not_hdf5_is_a_parameter_error(tmp_path, content, match):
    path = tmp_path / "params.h5"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ParameterError, match=match) as caught:
        load_parameters(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_folder_is_a_parameter_error(tmp_path):
    with pytest.raises(ParameterError, match="found a folder"):
        load_parameters(tmp_path)


def test_an_hdf5_file_without_parameters_is_a_parameter_error(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_group("generator")
    with pytest.raises(ParameterError, match="with none"):
        load_parameters(tmp_path / "a.h5")


def test_a_dataset_of_another_type_is_named(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["generator/W"] = np.array([1, 2])
    with pytest.raises(ParameterError, match=r"generator/W: expected floating-point .* int64"):
        load_parameters(tmp_path / "a.h5")


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_a_parameter_error(tmp_path, parameters, share):
    save_parameters(tmp_path / "whole.h5", parameters)
    whole = (tmp_path / "whole.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ParameterError, match=r"cut\.h5"):
        load_parameters(tmp_path / "cut.h5")


def test_the_first_missing_parameter_is_named(parameters):
    expected = {name: value.shape for name, value in parameters.items()}
    del parameters[NAMES[1]], parameters[NAMES[3]]
    with pytest.raises(ParameterError, match=rf"^p\.h5: {NAMES[1]}: .* found no such parameter"):
        check_parameters(parameters, expected, "p.h5")


def test_a_parameter_of_another_shape_is_named_with_both_shapes(parameters):
    expected = {name: value.shape for name, value in parameters.items()}
    expected[NAMES[2]] = (7, 7)
    message = rf"^p\.h5: {NAMES[2]}: .* expects shape \(7, 7\), found \(2, 3\)$"
    with pytest.raises(ParameterError, match=message):
        check_parameters(parameters, expected, "p.h5")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_named_and_counted(parameters, bad):
    expected = {name: value.shape for name, value in parameters.items()}
    parameters[NAMES[3]][1, 2] = bad
    with pytest.raises(ParameterError, match=rf"{NAMES[3]}: .* found 1 of 8 NaN or infinite"):
        check_parameters(parameters, expected, "p.h5")


def test_parameters_of_other_networks_are_ignored(parameters):
    parameters["discriminator/1/downblock_0/conv/W"][:] = np.nan
    expected = {n: v.shape for n, v in parameters.items() if not n.startswith("discriminator")}
    check_parameters(parameters, expected, "p.h5")


def test_a_parameter_unknown_to_its_network_is_named(parameters):
    expected = {name: value.shape for name, value in parameters.items()}
    parameters["generator/extra/W"] = np.zeros((3, 1), np.float32)
    with pytest.raises(ParameterError, match=r"generator/extra/W: .* found one of shape \(3, 1\)"):
        check_parameters(parameters, expected, "p.h5")


def test_nan_is_not_saved_and_the_old_file_stays(tmp_path, parameters):
    path = tmp_path / "a.h5"
    save_parameters(path, parameters)
    before = path.read_bytes()
    parameters[NAMES[0]][0, 0] = np.nan
    with pytest.raises(ParameterError, match=NAMES[0]):
        save_parameters(path, parameters)
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_an_output_error(tmp_path, parameters):
    with pytest.raises(OutputError, match="No such file or directory"):
        save_parameters(tmp_path / "none" / "a.h5", parameters)


@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_a_pytorch_checkpoint_is_to_be_converted(mini, form):
    with pytest.raises(ParameterError, match="found a PyTorch checkpoint; convert it: fomm conv"):
        load_parameters(mini / f"torch_checkpoint_{form}.pth.tar")


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_pipe_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ParameterError, match="found a pipe"):
        load_parameters(tmp_path / "pipe")
