import gc
import subprocess
import sys
import threading
from fractions import Fraction

import numpy as np
import pytest

from fomm_core.errors import BrokenMediaError, OutputError
from fomm_core.video import BackgroundSink, VideoReader, VideoWriter, prefetch, probe

pytestmark = pytest.mark.once

PATIENCE = 20  # seconds until something that should happen is taken not to


class Recorder:
    """A sink that records what is done with it, and may wait or fail on a frame."""

    def __init__(self, fail_at=None, gate=None):
        self.frames, self.exits = [], []
        self.closed = 0
        self.fail_at, self.gate = fail_at, gate

    def write(self, frame):
        if self.gate is not None:
            assert self.gate.wait(PATIENCE)
        if len(self.frames) == self.fail_at:
            raise OutputError("the disk is full")
        self.frames.append(int(frame[0, 0, 0]))

    def skip(self, frames):
        self.frames.append(("skipped", frames))

    def close(self):
        self.closed += 1

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.exits.append(kind)


def write_all(sink, count):
    with sink:
        for number in range(count):
            sink.write(frame(number))


def frame(number):
    return np.full((2, 2, 3), number, np.uint8)


def threads(name):
    return [thread for thread in threading.enumerate() if thread.name == name]


def gone(name):
    for thread in threads(name):
        thread.join(PATIENCE)
    return not threads(name)


def counting(closed, stop=1000):
    try:
        yield from range(stop)
    finally:
        closed.set()


@pytest.mark.parametrize("depth", [1, 3, 100])
def test_prefetch_keeps_the_order(depth):
    assert list(prefetch(range(50), depth)) == list(range(50))
    assert gone("read-ahead")


def test_prefetch_raises_after_the_items_before_the_error():
    def broken():
        yield from range(3)
        raise BrokenMediaError("cut off", frames_read=3)

    items = prefetch(broken(), 2)

    assert [next(items) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(BrokenMediaError, match="cut off") as caught:
        next(items)
    assert caught.value.frames_read == 3
    assert gone("read-ahead")


def test_prefetch_raises_what_making_the_iterator_raises():
    class Unwilling:
        def __iter__(self):
            raise LookupError

    with pytest.raises(LookupError):
        next(prefetch(Unwilling(), 2))


def test_prefetch_works_ahead_of_its_consumer_but_not_far():
    made, ahead = [], threading.Event()

    def source():
        for number in range(100):
            made.append(number)
            if len(made) == 5:
                ahead.set()
            yield number

    items = prefetch(source(), 4)
    assert next(items) == 0
    assert ahead.wait(PATIENCE)  # 0 was taken, 1 to 4 are made without being asked for

    for number in range(1, 50):
        assert next(items) == number
        assert len(made) <= number + 5
    items.close()


def test_closing_prefetch_stops_the_thread_and_closes_the_source():
    closed = threading.Event()
    items = prefetch(counting(closed), 2)
    next(items)

    items.close()

    assert closed.is_set()
    assert gone("read-ahead")


def test_forgetting_prefetch_stops_the_thread():
    closed = threading.Event()
    for number in prefetch(counting(closed), 2):
        if number == 3:
            break
    gc.collect()

    assert closed.wait(PATIENCE)
    assert gone("read-ahead")


def test_prefetch_that_is_never_used_starts_nothing():
    closed = threading.Event()
    items = prefetch(counting(closed), 2)

    assert threads("read-ahead") == []
    del items


def test_an_error_in_the_consumer_stops_the_thread():
    closed = threading.Event()

    with pytest.raises(ZeroDivisionError):
        sum(1 // (number - 2) for number in prefetch(counting(closed), 2))
    gc.collect()

    assert closed.wait(PATIENCE)


def test_the_sink_gets_all_frames_in_order_and_is_closed():
    sink = Recorder()

    write_all(BackgroundSink(sink, 2), 40)

    assert sink.frames == list(range(40))
    assert (sink.closed, sink.exits) == (1, [])
    assert gone("write-behind")


def test_what_is_left_out_is_so_between_the_frames_before_and_after_it():
    sink = Recorder()
    with BackgroundSink(sink, depth=2) as background:
        background.write(frame(1))
        background.skip(7)
        background.write(frame(2))
    assert sink.frames == [1, ("skipped", 7), 2]


def test_writing_waits_where_the_queue_is_full():
    gate = threading.Event()
    sink = Recorder(gate=gate)
    background = BackgroundSink(sink, 2)
    background.write(frame(0))
    background.write(frame(1))
    third = threading.Thread(target=background.write, args=(frame(2),))
    third.start()
    third.join(0.05)
    assert third.is_alive()

    gate.set()
    third.join(PATIENCE)
    background.close()

    assert sink.frames == [0, 1, 2]


@pytest.mark.parametrize("fail_at", [0, 1, 7, 39])
def test_an_error_of_the_sink_surfaces_and_nothing_hangs(fail_at):
    sink = Recorder(fail_at=fail_at)

    with pytest.raises(OutputError, match="the disk is full"):
        write_all(BackgroundSink(sink, 3), 40)

    assert sink.frames == list(range(fail_at))
    assert (sink.closed, sink.exits) == (0, [OutputError])
    assert gone("write-behind")


def test_a_view_makes_the_frames_in_the_thread():
    sink, places = Recorder(), []

    def view(number):
        places.append(threading.current_thread().name)
        return frame(number + 1)

    with BackgroundSink(sink, 2, view=view) as background:
        for number in range(3):
            background.write(number)

    assert sink.frames == [1, 2, 3]
    assert places == 3 * ["write-behind"]


def test_an_error_of_the_view_is_one_of_the_sink():
    gate, sink = threading.Event(), Recorder()
    background = BackgroundSink(sink, view=lambda n: gate.wait(PATIENCE) and frame(1 // n))
    background.write(0)
    gate.set()

    with pytest.raises(ZeroDivisionError):
        background.close()

    assert (sink.closed, sink.exits) == (0, [ZeroDivisionError])


def test_an_error_of_the_last_frame_surfaces_at_close():
    gate = threading.Event()
    background = BackgroundSink(Recorder(fail_at=0, gate=gate), 2)
    background.write(frame(0))
    gate.set()

    with pytest.raises(OutputError, match="the disk is full"):
        background.close()
    background.close()
    with pytest.raises(ValueError, match="closed"):
        background.write(frame(1))


def test_an_error_in_the_block_drops_what_waits(write_then_raise):
    gate = threading.Event()
    sink = Recorder(gate=gate)
    threading.Timer(0.2, gate.set).start()

    with pytest.raises(LookupError):
        write_then_raise(BackgroundSink(sink, 8), map(frame, range(8)), LookupError)

    assert len(sink.frames) <= 1
    assert (sink.closed, sink.exits) == (0, [LookupError])
    assert gone("write-behind")


def test_an_interruption_writes_what_waits_first(write_then_raise):
    sink = Recorder()

    with pytest.raises(KeyboardInterrupt):
        write_then_raise(BackgroundSink(sink, 8), map(frame, range(8)), KeyboardInterrupt)

    assert sink.frames == list(range(8))
    assert sink.exits == [KeyboardInterrupt]


def test_an_interruption_while_closing_keeps_the_part():
    sink = Recorder()
    background = BackgroundSink(sink, 8)
    background.write(frame(0))
    drain, interrupted = background._drain, []

    def interrupted_once():
        if not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt
        drain()

    background._drain = interrupted_once
    with pytest.raises(KeyboardInterrupt):
        background.close()

    assert sink.frames == [0]
    assert (sink.closed, sink.exits) == (0, [KeyboardInterrupt])


def test_both_around_a_real_video(ffmpeg, tmp_path, clip):
    with BackgroundSink(VideoWriter(tmp_path / "a.mp4", Fraction(25), crf=1)) as sink:
        for picture in prefetch(VideoReader(clip)):
            sink.write(picture)

    assert probe(tmp_path / "a.mp4").frame_count == 50
    assert ffmpeg.numbers(VideoReader(tmp_path / "a.mp4")) == list(range(50))


def test_an_interruption_keeps_a_real_part(tmp_path, frames, write_then_raise):
    sink = BackgroundSink(VideoWriter(tmp_path / "a.mp4", Fraction(25)))

    with pytest.raises(KeyboardInterrupt):
        write_then_raise(sink, frames, KeyboardInterrupt)

    assert [entry.name for entry in tmp_path.iterdir()] == ["a.mp4.part"]
    assert probe(tmp_path / "a.mp4.part").frame_count == 30


@pytest.mark.parametrize("depth", [0, -1])
def test_a_depth_below_one_is_refused(depth):
    with pytest.raises(ValueError, match="depth"):
        prefetch([], depth)
    with pytest.raises(ValueError, match="depth"):
        BackgroundSink(Recorder(), depth)


def test_a_reader_that_does_not_end_is_told(monkeypatch, caplog):
    monkeypatch.setattr("fomm_core.video.threads._JOIN_SECONDS", 0.05)
    released = threading.Event()

    def stuck():
        yield 1
        released.wait(10)

    items = prefetch(stuck())
    next(items)
    items.close()
    released.set()

    assert sum("left behind" in line for line in caplog.messages) == 1


def test_nothing_waits_for_a_thread_while_the_interpreter_shuts_down():
    """A daemon thread stands still from then on, and an error may keep its iterator till then."""
    code = """if True:
        from itertools import count
        from fomm_core.video.threads import prefetch

        def fail():
            numbers = prefetch(count())
            try:
                for number in numbers:
                    1 // (2 - number)
            except ZeroDivisionError as error:
                error.itself = error

        fail()
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("kind", ["reading", "writing"])
def test_an_interruption_at_any_moment_leaves_nothing_locked(kind):
    code = """if True:
        import signal, sys, time
        from contextlib import ExitStack
        from itertools import count
        from fomm_core.video.threads import BackgroundSink, prefetch

        class Nowhere(ExitStack):
            def write(self, frame):
                pass

        def reading():
            numbers = prefetch(count())
            next(numbers)
            with ExitStack() as closing:
                closing.callback(numbers.close)
                interrupt_soon()
                for number in numbers:
                    pass

        def writing():
            with BackgroundSink(Nowhere()) as sink:
                interrupt_soon()
                for number in count():
                    sink.write(number)

        def interrupt_soon():
            # Again where Python drops it, as it does in a finaliser.
            signal.setitimer(signal.ITIMER_REAL, delay, 0.1)

        signal.signal(signal.SIGALRM, signal.default_int_handler)
        interrupted, began = 0, time.monotonic()
        while time.monotonic() < began + 1.5:
            delay = 1e-4 + interrupted % 97 * 1e-6
            try:
                globals()[sys.argv[1]]()
            except KeyboardInterrupt:
                signal.setitimer(signal.ITIMER_REAL, 0)
                interrupted += 1
        print(interrupted)
    """
    done = subprocess.run(
        [sys.executable, "-c", code, kind],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )

    assert int(done.stdout) > 50
