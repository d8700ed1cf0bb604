from __future__ import annotations

from fomm_demo.services.session_cache import SessionCache


def test_the_one_longest_unused_goes_for_another():
    gone = []
    kept = SessionCache(2, 60, gone.append)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)

    assert gone == [2]
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)


def test_what_is_replaced_forgotten_or_cleared_is_dropped():
    gone = []
    kept = SessionCache(5, 60, gone.append)
    kept.put("a", 1)
    kept.put("a", 2)
    kept.forget("a")
    kept.forget("a")
    kept.put("b", 3)
    kept.clear()

    assert gone == [1, 2, 3]
    assert len(kept) == 0


def test_only_what_is_old_expires():
    gone = []
    fresh, stale = SessionCache(5, 60, gone.append), SessionCache(5, -1, gone.append)
    fresh.put("a", 1)
    stale.put("a", 2)
    fresh.expire()
    stale.expire()

    assert gone == [2]


def test_what_is_in_use_neither_expires_nor_goes_for_another():
    gone = []
    kept = SessionCache(2, -1, gone.append, lambda value: value == 1)
    kept.put("a", 1)
    kept.put("b", 2)
    kept.put("c", 3)
    kept.expire()

    assert gone == [2, 3]
    assert kept.values() == [1]
