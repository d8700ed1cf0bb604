import os
import signal
import threading

import pytest

from fomm_train.run.interruption import StopRequest


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_a_wish(number):
    before = signal.getsignal(number)
    with StopRequest() as stop:
        assert not stop.wanted
        os.kill(os.getpid(), number)
        assert stop.wanted
        assert stop.reason == number.name
    assert signal.getsignal(number) is before


def test_a_second_interrupt_is_one():
    with StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.reason == "SIGTERM"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_closed_terminal_does_not_stop_what_nohup_started():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopRequest() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.wanted
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signals_are_left_alone_in_other_threads():
    wanted = []

    def run():
        with StopRequest(0) as stop:
            wanted.append(stop.wanted)

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert wanted == [True]
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_clock_is_one_too():
    assert not StopRequest(1000).wanted
    late = StopRequest(0)
    assert late.wanted
    assert late.reason == "--max-minutes"


def test_what_another_rank_wants_is_told_as_such():
    assert StopRequest().reason == "another rank"
