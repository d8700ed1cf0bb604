from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fomm_core.errors import ModelError
from fomm_core.model.bundle import embedded_models
from fomm_core.model.finding import DEFAULT_MODEL
from fomm_core.model.hub import HUB
from fomm_demo.services import models as models_module
from fomm_demo.services.models import ModelRegistry


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FOMM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_embedded_model_is_offered_with_its_card(cache):
    registry = ModelRegistry()
    info = registry.info("avatar")

    assert registry.names[0] == DEFAULT_MODEL
    assert info.licence
    assert info.provenance
    assert info.metrics


def test_a_folder_comes_first_and_is_listed_by_its_name(cache, tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(embedded_models()["avatar"], folder)
    registry = ModelRegistry([str(folder)])

    assert registry.names[:2] == ("mine", DEFAULT_MODEL)
    assert registry.get("mine").frame_size == (128, 128)


def test_a_model_to_download_is_offered_only_if_it_is_wanted_or_there(cache):
    assert "vox" not in ModelRegistry().names
    assert ModelRegistry(["vox"]).names[0] == "vox"
    folder = cache / "zoo" / "vox"
    folder.mkdir(parents=True)
    for name in ("config.yaml", "params.h5"):
        (folder / name).write_text("x")
    assert "vox" in ModelRegistry().names


def test_a_data_folder_with_a_name_of_the_zoo_is_no_model(cache, tmp_path, monkeypatch):
    (tmp_path / "vox" / "train").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert ModelRegistry(["vox"]).info("vox").description == HUB["vox"].description
    assert "vox" not in ModelRegistry().names


def test_who_leaves_waits_for_a_model_that_is_being_loaded(cache, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    registry = ModelRegistry()

    def load(name, fast=False):
        begun.set()
        go_on.wait(5)

    monkeypatch.setattr(registry, "get", load)
    registry.finish_loading(5)  # nothing began
    registry.load_ahead()
    assert begun.wait(5)
    registry.finish_loading(0)
    threading.Timer(0.1, go_on.set).start()
    registry.finish_loading(5)
    assert go_on.is_set()


@pytest.mark.parametrize("name", ["vgg19", "nothing", "../etc"])
def test_what_is_no_model_is_refused_at_the_start(cache, name):
    with pytest.raises(ModelError):
        ModelRegistry([name])


def test_visitors_get_nothing_but_what_is_offered(cache, tmp_path):
    with pytest.raises(ModelError, match="avatar"):
        ModelRegistry().get(str(tmp_path))


@pytest.fixture
def started(monkeypatch):
    """The models that were loaded, each by the arguments of its start."""
    calls = []
    start = models_module.start_model

    def counting(*args):
        calls.append(args)
        threading.Event().wait(0.05)
        return start(*args)

    monkeypatch.setattr(models_module, "start_model", counting)
    return calls


def test_a_model_is_loaded_once_for_all(cache, started):
    registry = ModelRegistry()
    assert not registry.is_ready("avatar")
    with ThreadPoolExecutor(6) as pool:
        models = list(pool.map(lambda _: registry.get("avatar"), range(6)))

    assert len(started) == 1
    assert all(model is models[0] for model in models)
    assert registry.is_ready("avatar")
    registry.close()


@pytest.mark.parametrize("fast_first", [False, True])
def test_without_bfloat16_fast_is_the_same_model(cache, started, monkeypatch, fast_first):
    monkeypatch.setattr("fomm_core.engine.openvino.has_bfloat16", lambda: False)
    registry = ModelRegistry()
    first, second = (registry.get("avatar", fast=fast) for fast in (fast_first, not fast_first))

    assert not registry.has_fast()
    assert first is second
    assert len(started) == 1
    assert first.engine.precision == "fp32"
    registry.close()
    assert first.engine.closed


def test_after_a_failure_the_next_one_tries_again(cache, monkeypatch):
    def broken(origin):
        raise OSError("the disk is gone")

    registry = ModelRegistry()
    with monkeypatch.context() as patched:
        patched.setattr(models_module, "find_model", broken)
        with pytest.raises(OSError, match="disk"):
            registry.get("avatar")

    assert registry.get("avatar").name == "avatar"
