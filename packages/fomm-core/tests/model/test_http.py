from __future__ import annotations

import os
import socket

import pytest

from fomm_core.errors import DownloadError, OutputError
from fomm_core.model.http import Retry, discard, download

pytestmark = pytest.mark.once

CONTENT = os.urandom(100_000)


@pytest.fixture
def served(server):
    server.files["/file.h5"] = CONTENT
    return server


@pytest.fixture
def fetch(served, tmp_path, retry):
    """Download the file to the same place each time."""

    def run(path="/file.h5"):
        target = tmp_path / "file.part"
        download(served.url + path, target, progress=False, retry=retry)
        return target.read_bytes()

    return run


def statuses(server):
    return [status for _, status in server.requests]


def test_a_file_arrives_whole_in_one_request(served, fetch):
    assert fetch() == CONTENT
    assert served.requests == [(None, 200)]


def test_a_broken_transfer_is_continued_where_it_broke(served, fetch):
    served.break_after = [30_000, 20_000]
    assert fetch() == CONTENT
    assert served.requests == [(None, 200), ("bytes=30000-", 206), ("bytes=50000-", 206)]


def test_a_transfer_is_continued_by_a_later_call(served, fetch):
    served.break_after = [40_000, 0, 0, 0]
    with pytest.raises(DownloadError, match=r"expected the file, found .*; try again later$"):
        fetch()
    assert fetch() == CONTENT
    assert served.requests[-1] == ("bytes=40000-", 206)


def test_a_complete_transfer_is_not_asked_for_again(served, fetch):
    fetch()
    assert fetch() == CONTENT
    assert statuses(served) == [200]


def test_attempts_that_bring_bytes_do_not_count_as_failed(served, fetch):
    served.break_after = [10_000] * 9
    assert fetch() == CONTENT
    assert statuses(served) == [200] + [206] * 9


def test_attempts_that_bring_none_end(served, fetch):
    served.break_after = [0] * 10
    with pytest.raises(DownloadError, match=r"expected the file, found .*; try again later$"):
        fetch()
    assert statuses(served) == [200, 200, 200]


def test_a_server_without_ranges_sends_it_all_again(served, fetch):
    served.ranges = False
    served.break_after = [30_000]
    assert fetch() == CONTENT
    assert served.requests == [(None, 200), ("bytes=30000-", 200)]


def test_a_server_without_ranges_that_always_breaks_does_not_go_on_for_ever(served, fetch):
    served.ranges = False
    served.break_after = [30_000] * 10
    with pytest.raises(DownloadError, match=r"expected the file, found .*; try again later$"):
        fetch()
    assert statuses(served) == [200, 200, 200]


def test_without_a_validator_nothing_is_continued(served, fetch):
    served.etag = ""
    served.break_after = [30_000]
    assert fetch() == CONTENT
    assert served.requests == [(None, 200), (None, 200)]


def test_a_weak_validator_is_none(served, fetch):
    served.etag = 'W/"one"'
    served.break_after = [30_000]
    assert fetch() == CONTENT
    assert served.requests == [(None, 200), (None, 200)]


@pytest.mark.parametrize("honours_if_range", [True, False])
def test_a_file_that_changed_meanwhile_is_fetched_anew(served, fetch, honours_if_range):
    served.break_after = [30_000, 0, 0, 0]
    with pytest.raises(DownloadError):
        fetch()
    new = os.urandom(90_000)
    served.files["/file.h5"], served.etag = new, '"two"'
    served.honours_if_range = honours_if_range
    assert fetch() == new


def test_a_file_that_shrank_meanwhile_is_fetched_anew(served, fetch):
    served.break_after = [30_000, 0, 0, 0]
    with pytest.raises(DownloadError):
        fetch()
    served.files["/file.h5"] = CONTENT[:20_000]
    served.honours_if_range = False
    assert fetch() == CONTENT[:20_000]
    assert statuses(served)[-2:] == [416, 200]


def test_a_part_from_another_place_is_not_appended(served, fetch):
    served.break_after = [30_000]
    served.headers = {"Content-Range": "bytes 10000-99999/100000"}
    assert fetch() == CONTENT
    assert statuses(served) == [200, 206, 200]


def test_a_part_that_was_not_asked_for_is_not_taken(served, fetch):
    served.statuses = [206]
    assert fetch() == CONTENT
    assert statuses(served) == [206, 200]


def test_the_rest_of_another_address_is_not_continued(served, fetch):
    served.files["/other.h5"] = CONTENT[::-1]
    served.break_after = [30_000, 0, 0, 0]
    with pytest.raises(DownloadError):
        fetch()
    assert fetch("/other.h5") == CONTENT[::-1]


def test_a_length_that_is_not_known_is_no_obstacle(served, fetch):
    served.headers = {"Content-Length": None}
    assert fetch() == CONTENT


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_failure_of_the_server_is_tried_again(served, fetch, status):
    served.statuses = [status, status]
    assert fetch() == CONTENT
    assert statuses(served) == [status, status, 200]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_lasting_failure_of_the_server_is_not(served, fetch, status):
    served.statuses = [status]
    with pytest.raises(DownloadError, match=f"expected the file, found HTTP {status} .*; check"):
        fetch()
    assert statuses(served) == [status]


def test_compressed_bytes_are_refused(served, fetch):
    served.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(
        DownloadError, match=r"expected the file, found gzip data; check the address$"
    ):
        fetch()


def test_a_server_that_is_not_there_is_named(tmp_path, monkeypatch, retry):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/file.h5"
        with pytest.raises(DownloadError) as caught:
            download(url, tmp_path / "file.part", progress=False, retry=retry)
    assert str(caught.value).startswith(f"{url}: expected the file, found ")
    assert str(caught.value).endswith("; try again later")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://example.org/a.h5", "ftp://example.org/a.h5", "file:///etc/hostname", "a.h5"],
)
def test_unsafe_addresses_are_refused_before_anything_is_sent(tmp_path, url):
    with pytest.raises(DownloadError, match="expected an https address, found"):
        download(url, tmp_path / "a", progress=False, retry=Retry(1, 0))


def test_a_redirection_to_an_unsafe_address_is_refused(served, fetch):
    served.redirect = "http://example.org/file.h5"
    with pytest.raises(DownloadError, match="expected an https address, found http"):
        fetch()


def test_redirections_in_a_circle_end(served, fetch):
    served.redirect = "/file.h5"
    with pytest.raises(DownloadError, match=r"expected the file, found .*; check the address$"):
        fetch()


def test_a_folder_that_is_not_there_is_an_output_error(served, tmp_path, retry):
    with pytest.raises(
        OutputError, match=r"written: No such file .*; free space, or name .* FOMM_CACHE$"
    ):
        download(f"{served.url}/file.h5", tmp_path / "none" / "a", progress=False, retry=retry)


def test_discard_removes_all_traces(served, fetch, tmp_path):
    fetch()
    discard(tmp_path / "file.part")
    assert list(tmp_path.iterdir()) == []
    discard(tmp_path / "file.part")


def test_a_damaged_note_means_a_new_start(served, fetch, tmp_path):
    served.break_after = [30_000, 0, 0, 0]
    with pytest.raises(DownloadError):
        fetch()
    (tmp_path / "file.part.json").write_text("{")
    assert fetch() == CONTENT
    assert served.requests[-1] == (None, 200)
