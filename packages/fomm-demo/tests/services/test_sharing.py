from __future__ import annotations

import threading

import numpy as np
import pytest

from fomm_core.engine.fake import FakeEngine
from fomm_core.errors import EngineError
from fomm_demo.services.sharing import FairLock, SharedEngine


class Jealous(FakeEngine):
    """Notices when two threads use it at once."""

    def __init__(self):
        super().__init__((8, 8))
        self.users = 0
        self.most = 0

    def detect(self, image):
        self.users += 1
        self.most = max(self.most, self.users)
        threading.Event().wait(0.002)
        self.users -= 1
        return super().detect(image)


def test_an_engine_is_used_by_one_thread_at_a_time():
    engine = Jealous()
    shared = SharedEngine(engine)
    image = np.zeros((3, 8, 8), np.float32)
    threads = [threading.Thread(target=lambda: shared.detect(image)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert engine.most == 1


def test_a_lock_goes_to_whoever_waited_longest():
    lock = FairLock()
    order = []

    def enter(number):
        with lock:
            order.append(number)

    with lock:
        threads = []
        for number in range(6):
            thread = threading.Thread(target=enter, args=(number,))
            thread.start()
            threads.append(thread)
            while len(lock._waiting) <= number:
                threading.Event().wait(0.001)
    for thread in threads:
        thread.join()

    assert order == list(range(6))


def test_a_greedy_thread_does_not_keep_another_waiting():
    lock = FairLock()
    turns = {"greedy": 0, "modest": 0}
    asked, done = threading.Event(), threading.Event()

    def greedy():
        while not done.is_set():
            with lock:
                turns["greedy"] += 1
                asked.set()
                # Wherever the machine stops to run the other: it waits when this turn ends.
                while not (lock._waiting or done.is_set()):
                    threading.Event().wait(0.001)

    thread = threading.Thread(target=greedy)
    thread.start()
    asked.wait()
    for _ in range(20):
        with lock:
            turns["modest"] += 1
    done.set()
    thread.join()

    assert turns["greedy"] <= turns["modest"] + 1


def test_a_closed_engine_says_so_and_the_lock_is_free_after_an_error():
    shared = SharedEngine(FakeEngine((8, 8)))
    with pytest.raises(EngineError):
        shared.detect(np.zeros((3, 4, 4), np.float32))
    shared.close()

    with pytest.raises(EngineError, match="closed"):
        shared.detect(np.zeros((3, 8, 8), np.float32))


def test_it_renders_what_the_engine_renders():
    image = np.random.default_rng(0).random((3, 8, 8), np.float32)
    plain, shared = FakeEngine((8, 8)), SharedEngine(FakeEngine((8, 8)))
    outputs = []
    for engine in (plain, shared):
        keypoints = engine.detect(image)
        outputs.append(engine.render(engine.encode(image), keypoints, keypoints).prediction)

    np.testing.assert_array_equal(*outputs)
