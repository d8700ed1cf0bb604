"""Servers as those who host them see them."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from fomm_demo.web.server import share


def test_a_page_is_there_at_once_and_nothing_is_left_afterwards(serve, tmp_path):
    server = serve()
    request = urllib.request.Request(server.url, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert b"Make a picture move" in answer.read()
    assert server.wait().health()["status"] == "ok"
    code, text = server.stop()

    assert (code, text) == (0, "stopped\n")
    assert list(tmp_path.glob("fomm-demo-*")) == []


def test_nothing_heavy_is_imported_before_the_waiting_page_is_there():
    heavy = ("numpy", "gradio", "fomm_demo.services.app")
    code = f"import fomm_demo.web.server, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_model_that_does_not_exist_ends_it_in_one_line(serve):
    server = serve("--model", "nothing")
    _, text = server.process.communicate(timeout=60)

    assert server.process.returncode == 2
    assert text.startswith("fomm: error: expected a model folder or one of")
    assert len(text.splitlines()) == 1


@pytest.mark.once
def test_the_first_event_imports_nothing_that_keeps_others_waiting():
    code = (
        "import sys; from gradio.utils import MatplotlibBackendMananger as Manager\n"
        "from fomm_demo.web.factory import prepare_gradio; from pathlib import Path\n"
        "prepare_gradio(Path('served')); before = set(sys.modules)\n"
        "with Manager(): print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.once
def test_stopping_while_loading_is_as_polite(serve, tmp_path):
    server = serve()
    code, text = server.stop()

    assert (code, text) == (0, "stopped\n")
    assert list(tmp_path.glob("fomm-demo-*")) == []


@pytest.mark.once
def test_it_stops_soon_though_pages_are_open_and_jobs_run(serve, tmp_path, picture, long_clip):
    gradio_client = pytest.importorskip("gradio_client")
    server = serve().wait()
    client = gradio_client.Client(server.url, verbose=False, download_files=False)
    files = [gradio_client.handle_file(str(path)) for path in (picture, long_clip)]
    job = client.submit(*files, None, api_name="/animate")
    until = time.monotonic() + 30
    while not server.health()["jobs_running"] and time.monotonic() < until:
        time.sleep(0.05)
    began = time.monotonic()
    code, text = server.stop()

    assert (code, text) == (0, "stopped\n")
    assert time.monotonic() - began < 15
    assert list(tmp_path.glob("fomm-demo-*")) == []
    with pytest.raises(Exception):  # noqa: B017, PT011 - however the client puts it
        job.result(timeout=30)
    client.close()


@pytest.mark.once
def test_behind_a_proxy_the_page_knows_where_it_lies(serve):
    server = serve("--root-path", "/fomm/").wait()
    with urllib.request.urlopen(server.url, timeout=10) as answer:
        page = answer.read().decode()

    assert re.search(r'"root":"[^"]*/fomm"', page)


@pytest.mark.once
def test_eight_clients_at_once_are_all_served_in_bounded_memory(serve, picture, clip):
    gradio_client = pytest.importorskip("gradio_client")
    server = serve("--concurrency", "2", "--queue-size", "20").wait()
    process = psutil.Process(server.process.pid)

    def animate(_):
        client = gradio_client.Client(server.url, verbose=False, download_files=False)
        files = [gradio_client.handle_file(str(path)) for path in (picture, clip)]
        try:
            return client.predict(*files, None, api_name="/animate")
        finally:
            client.close()

    animate(0)
    before = process.memory_info().rss
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(animate, range(16)))
    grown = process.memory_info().rss - before
    running = server.health()["jobs_running"]
    code, text = server.stop()

    assert len(results) == 16
    assert running == 0
    assert grown < 150e6
    assert (code, text) == (0, "stopped\n")


@pytest.mark.once
@pytest.mark.parametrize("works", [True, False])
def test_a_public_address_is_announced_or_its_absence_explained(monkeypatch, caplog, works):
    networking = pytest.importorskip("gradio.networking")

    def tunnel(host, port, *_):
        if not works:
            raise RuntimeError("no internet")
        return f"https://example.org/{host}/{port}"

    monkeypatch.setattr(networking, "setup_tunnel", tunnel)
    said = []
    share(7860, said.append)

    assert said == (["public at https://example.org/127.0.0.1/7860"] if works else [])
    assert ("no public address: no internet" in caplog.text) != works
