from __future__ import annotations

import pytest

from fomm_core import available_models
from fomm_core.errors import DownloadError
from fomm_core.model.finding import DEFAULT_MODEL
from fomm_core.model.hub import VGG19, VOX
from fomm_core.model.listing import is_downloaded

pytestmark = pytest.mark.once


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FOMM_CACHE", str(tmp_path))
    return tmp_path


def test_models_are_listed_with_what_their_cards_tell(cache):
    models = {model.name: model for model in available_models()}
    assert list(models) == ["avatar", "face", "vox"]
    assert DEFAULT_MODEL in models
    assert all(
        model.description and model.licence and model.provenance for model in models.values()
    )
    assert dict(models["face"].metrics)["sample_L1"] < 0.06
    assert [model.name for model in models.values() if model.is_local] == ["avatar", "face"]


def test_what_was_downloaded_is_local(cache):
    folder = cache / "zoo" / VOX.name
    folder.mkdir(parents=True)
    for file in VOX.files:
        assert not is_downloaded(VOX)
        (folder / file.name).touch()
    assert is_downloaded(VOX)
    assert available_models()[-1].is_local
    assert not is_downloaded(VGG19)


def test_listing_asks_no_server(cache, monkeypatch):
    def refuse(*_):
        raise DownloadError("asked")

    monkeypatch.setattr("fomm_core.model.hub.fetch_file", refuse)
    assert available_models()
