from __future__ import annotations

import asyncio
import os
import time

import httpx
import pytest
from starlette.testclient import TestClient

from fomm_demo import create_app
from fomm_demo.examples import CLIPS, EXAMPLE_FILES, PICTURES
from fomm_demo.services.app import AppServices
from fomm_demo.settings import Settings


@pytest.fixture
def application(workspace, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(workspace.served))
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    from fomm_demo.web.application import make_application

    return make_application(AppServices(Settings(), workspace))


def get(application, *paths):
    async def send():
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(send())


def samples(config):
    """The paths of all examples, as a browser is told them."""
    parts = [part["props"] for part in config["components"] if part["type"] == "dataset"]
    return [sample["path"] for props in parts for (sample,) in props["samples"]]


def test_examples_are_there_however_long_the_server_runs(workspace, application):
    (config,) = get(application, "/config")
    examples = samples(config.json())
    assert len(examples) == len(PICTURES) + len(CLIPS)
    past = time.time() - 3600
    for path in workspace.served.rglob("*"):
        os.utime(path, (past, past))
    workspace.sweep()

    answers = get(application, *(f"/gradio_api/file={path}" for path in examples))

    assert [answer.status_code for answer in answers] == [200] * len(examples)
    assert {answer.content for answer in answers} == {path.read_bytes() for path in EXAMPLE_FILES}


def test_an_application_for_any_server_lives_as_long_as_its_lifespan(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")  # set by the application; taken back here
    app = create_app(Settings(models=("avatar",)))
    (root,) = tmp_path.glob("fomm-demo-*")
    with TestClient(app) as client:
        assert client.get("/health").json()["status"] == "ok"
        assert "Make a picture move" in client.get("/").text
        assert client.get("/monitoring").status_code == 404

    assert not root.exists()
