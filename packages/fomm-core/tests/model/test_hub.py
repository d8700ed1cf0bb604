from __future__ import annotations

import pytest

from fomm_core.errors import DownloadError, ModelError
from fomm_core.model.hub import HUB, VGG19, VOX, fetch, fetch_model, resolve


def test_vox_is_fetched_into_the_cache(server, cache, params, config, retry):
    server.files = {"/pretrained_fomm_params.h5": params, "/voxceleb_trained_info.yaml": config}
    files = fetch(VOX, progress=False, retry=retry)
    assert files == {
        "config.yaml": cache / "zoo" / "vox" / "config.yaml",
        "params.h5": cache / "zoo" / "vox" / "params.h5",
    }
    assert files["config.yaml"].read_bytes() == config
    assert files["params.h5"].read_bytes() == params
    assert fetch_model("vox") == (files["config.yaml"], files["params.h5"])
    assert len(server.requests) == 2


def test_vgg19_is_fetched_into_the_cache(server, cache, params, retry):
    server.files = {"/vgg19.h5": params}
    assert fetch(VGG19, progress=False, retry=retry) == {
        "vgg19.h5": cache / "zoo" / "vgg19" / "vgg19.h5"
    }


def test_a_file_that_fails_is_named(server, cache, config, retry):
    server.files = {"/voxceleb_trained_info.yaml": config}
    with pytest.raises(DownloadError, match=r"pretrained_fomm_params\.h5: .* HTTP 404"):
        fetch(VOX, progress=False, retry=retry)
    assert (cache / "zoo" / "vox" / "config.yaml").is_file()


def test_weights_for_training_are_no_model():
    with pytest.raises(ModelError, match="vgg19: expected a model, found VGG19 features"):
        fetch_model("vgg19")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("voxx", "; did you mean 'vox'?"), ("avatr", "; did you mean 'avatar'?"), ("zebra", "")],
)
def test_an_unknown_name_is_answered_with_those_that_there_are(name, hint):
    with pytest.raises(ModelError) as caught:
        resolve(name)
    expected = "expected a model folder or one of avatar, face, vox, found "
    assert str(caught.value) == f"{expected}'{name}'{hint}"


def test_every_entry_says_where_it_is_from_and_under_what_terms():
    for name, entry in HUB.items():
        assert resolve(name) is entry
        assert entry.name == name
        assert entry.description
        assert entry.licence
        assert entry.provenance
        assert all(file.url.startswith("https://") for file in entry.files)
