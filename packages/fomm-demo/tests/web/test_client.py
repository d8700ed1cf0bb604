"""The documented endpoint, and what happens when those who called it leave."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fomm_core.video import probe

gradio_client = pytest.importorskip("gradio_client")


@pytest.fixture
def client(server, tmp_path):
    made = gradio_client.Client(server.url, verbose=False, download_files=str(tmp_path / "got"))
    yield made
    made.close()


def given(path):
    return gradio_client.handle_file(str(path))


def test_the_endpoint_is_documented_and_the_only_one(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    names = [parameter["parameter_name"] for parameter in endpoints["/animate"]["parameters"]]

    assert list(endpoints) == ["/animate"]
    assert names[:5] == ["source", "driving", "motion", "model", "movement"]
    assert names[-5:] == ["start", "end", "face", "square", "paste_back"]


def test_a_program_gets_a_video_with_sound(client, picture, clip_with_sound):
    result = client.predict(given(picture), given(clip_with_sound), None, api_name="/animate")
    info = probe(Path(result))

    assert (info.width, info.frame_count, info.has_audio) == (128, 25, True)


def test_options_are_named(client, picture, clip):
    result = client.predict(
        source=given(picture), driving=given(clip), motion=None, view="default", end=0.4,
        api_name="/animate",
    )  # fmt: skip

    assert probe(Path(result)).frame_count == 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fit": "sideways"}, "Fit: expected one of"),
        ({"start": 5000}, "Start: expected less than"),
        ({"model": "../../etc"}, "Expected a model of"),
    ],
)
def test_mistakes_are_told_in_one_line(client, picture, clip, options, message):
    with pytest.raises(gradio_client.exceptions.AppError, match=message) as error:
        client.predict(given(picture), given(clip), None, **options, api_name="/animate")
    assert "Traceback" not in str(error.value)


def test_the_jobs_of_a_client_that_leaves_are_cancelled(server, picture, long_clip):
    client = gradio_client.Client(server.url, verbose=False, download_files=False)
    for _ in range(2):
        submit_slow_job(client, picture, long_clip)
    assert becomes(lambda: server.health()["jobs_running"] == 2)
    client.close()

    assert becomes(lambda: server.health()["jobs_running"] == 0, seconds=8)


def test_a_cancelled_job_ends(server, client, picture, long_clip):
    job = submit_slow_job(client, picture, long_clip)
    assert becomes(lambda: server.health()["jobs_running"] == 1)
    job.cancel()

    assert becomes(lambda: server.health()["jobs_running"] == 0, seconds=4)


def submit_slow_job(client, picture, long_clip):
    """Submit one that would not end by itself in the time that a test waits for its end."""
    return client.submit(given(picture), given(long_clip), None, view="full", api_name="/animate")


def becomes(condition, seconds=20.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False
