from __future__ import annotations

import threading

import pytest

from fomm_core.live.newest import Newest

pytestmark = pytest.mark.once


def test_the_newest_thing_is_taken_and_the_others_are_counted():
    newest: Newest[int] = Newest()
    for number in range(5):
        newest.put(number)
    assert newest.take(0) == 4
    assert newest.take(0) is None
    assert newest.dropped == 4


def test_whoever_waits_gets_what_comes():
    newest: Newest[str] = Newest()
    threading.Timer(0.05, newest.put, ["a"]).start()
    assert newest.take(10) == "a"


def test_the_last_thing_comes_before_the_end():
    newest: Newest[int] = Newest()
    newest.put(1)
    newest.close()
    assert not newest.ended
    assert newest.take(10) == 1
    assert newest.ended
    assert newest.take(10) is None


def test_the_reason_of_the_end_comes_after_the_last_thing():
    newest: Newest[int] = Newest()
    newest.put(1)
    newest.close(OSError("gone"))
    assert newest.take(10) == 1
    assert not newest.ended  # whoever asks before he takes is to hear of it
    with pytest.raises(OSError, match="gone"):
        newest.take(10)
