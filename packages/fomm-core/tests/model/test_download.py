from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest

from fomm_core.errors import DownloadError, OutputError
from fomm_core.model.download import RemoteFile, fetch_file

pytestmark = pytest.mark.once

URL = "https://example.org/models/published.h5"


@pytest.fixture
def file():
    return RemoteFile(URL, "params.h5")


@pytest.fixture
def fetch(server, params, cache, file, retry):
    """Fetch a file into the cache; by default the parameter file that is served."""
    server.files["/published.h5"] = params

    def run(remote=file):
        return fetch_file(remote, cache / remote.name, progress=False, retry=retry)

    return run


def names(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def test_the_first_download_is_recorded_beside_the_file(fetch, cache, params, server):
    assert fetch() == cache / "params.h5"
    assert (cache / "params.h5").read_bytes() == params
    assert json.loads((cache / "params.h5.record.json").read_text()) == {
        "url": f"{server.url}/published.h5",
        "size": len(params),
        "sha256": hashlib.sha256(params).hexdigest(),
    }
    assert names(cache) == ["params.h5", "params.h5.record.json"]


def test_a_file_in_the_cache_is_not_fetched_again(fetch, server):
    fetch()
    fetch()
    assert len(server.requests) == 1


def test_a_broken_transfer_ends_whole(fetch, server, params, cache):
    server.break_after = [10, 50_000]
    assert fetch().read_bytes() == params
    assert names(cache) == ["params.h5", "params.h5.record.json"]


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:-1] + bytes([b[-1] ^ 1])])
def test_a_file_that_was_damaged_in_the_cache_is_replaced(fetch, server, params, damage, caplog):
    path = fetch()
    path.write_bytes(damage(params))
    assert fetch().read_bytes() == params
    assert len(server.requests) == 2
    assert "is removed and downloaded again" in caplog.text


def test_a_file_that_changed_at_the_source_is_refused_and_removed(fetch, server, params, cache):
    fetch().unlink()
    server.files["/published.h5"] = params[:-1] + b"x"
    server.etag = '"two"'
    with pytest.raises(DownloadError, match=r"expected SHA-256 .*; if the change is meant, delete"):
        fetch()
    assert names(cache) == ["params.h5.record.json"]


def test_wrong_bytes_are_refused_and_removed(fetch, server, cache):
    server.files["/published.h5"] = b"<!DOCTYPE html><title>Not found</title>"
    with pytest.raises(DownloadError, match="wrong file: expected an HDF5 file") as caught:
        fetch()
    assert str(caught.value).startswith(f"{server.url}/published.h5: ")
    assert names(cache) == []


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><p>gone</p>", b"a: 1", b"\x00\xff", b""])
def test_a_page_in_place_of_a_configuration_is_refused(fetch, server, cache, page):
    server.files["/published.yaml"] = page
    with pytest.raises(DownloadError, match="wrong file: expected a configuration"):
        fetch(RemoteFile(URL.replace(".h5", ".yaml"), "config.yaml"))
    assert names(cache) == []


def test_a_configuration_is_taken(fetch, server, config):
    server.files["/published.yaml"] = config
    remote = RemoteFile(URL.replace(".h5", ".yaml"), "config.yaml")
    assert fetch(remote).read_bytes() == config


def test_a_configuration_with_more_than_is_known_here_is_taken(fetch, server, config, caplog):
    server.files["/published.yaml"] = config + b"strange_key: 1\n"
    remote = RemoteFile(URL.replace(".h5", ".yaml"), "config.yaml")
    assert fetch(remote).read_bytes().endswith(b"strange_key: 1\n")
    assert "strange_key: unknown key, ignored" in caplog.text


def test_a_known_digest_is_enforced_at_once(fetch, params, cache):
    right = hashlib.sha256(params).hexdigest()
    with pytest.raises(DownloadError, match=f"expected SHA-256 {'0' * 64}, found {right}"):
        fetch(RemoteFile(URL, "params.h5", sha256="0" * 64))
    assert names(cache) == []
    fetch(RemoteFile(URL, "params.h5", len(params), right))


def test_a_known_length_is_enforced_at_once(fetch, params, cache):
    with pytest.raises(DownloadError, match=f"expected 7 bytes, found {len(params)}"):
        fetch(RemoteFile(URL, "params.h5", size=7))
    assert names(cache) == []


def test_a_file_put_there_by_hand_is_taken_and_recorded(fetch, server, params, cache):
    cache.mkdir()
    (cache / "params.h5").write_bytes(params)
    fetch()
    assert server.requests == []
    (cache / "params.h5").write_bytes(params[:-1] + b"x")
    assert fetch().read_bytes() == params
    assert len(server.requests) == 1


def test_an_unreadable_record_is_made_anew(fetch, server, cache, params):
    fetch()
    (cache / "params.h5.record.json").write_text('{"size": 1}')
    fetch()
    assert len(server.requests) == 1
    assert json.loads((cache / "params.h5.record.json").read_text())["size"] == len(params)


def test_a_failure_says_where_to_put_the_file_by_hand(fetch, server, cache):
    server.files.clear()
    with pytest.raises(DownloadError) as caught:
        fetch()
    message = str(caught.value)
    assert message.endswith(f"or download it by hand and save it as {cache / 'params.h5'}")
    assert "HTTP 404 Not Found" in message
    assert "\n" not in message


def test_a_cache_that_cannot_be_made_is_an_output_error(fetch, cache):
    cache.write_bytes(b"a file in the way")
    with pytest.raises(OutputError, match=r"cannot be written: .*; free space, .* FOMM_CACHE$"):
        fetch()


FETCH = """
import sys
from pathlib import Path
from fomm_core.model.download import RemoteFile, fetch_file

fetch_file(RemoteFile(sys.argv[1], "params.h5"), Path(sys.argv[2]), progress=False)
"""


def test_two_processes_at_once_download_once(fetch, server, params, cache):
    command = [sys.executable, "-c", FETCH, URL, str(cache / "params.h5")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    both = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert (cache / "params.h5").read_bytes() == params
    assert server.requests == [(None, 200)]
