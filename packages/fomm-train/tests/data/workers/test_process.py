from __future__ import annotations

import gc
import math
import operator
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from fomm_core.errors import ConfigError, MediaError
from fomm_train.data.prepare.boxes import read_boxes
from fomm_train.data.workers.pool import results_as_done
from fomm_train.data.workers.process import WorkerProcess
from fomm_train.errors import TrainingError

PATIENCE = 120  # seconds until something that should happen is taken not to


class _InScript:
    """Something that only this file knows."""

    __module__ = "__main__"

    def __call__(self, task):
        return task


@pytest.fixture
def hire():
    workers = []

    def start(handler):
        workers.append(WorkerProcess(handler, "tester"))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
        worker.close()


def test_answers_come_in_the_order_of_the_tasks(hire):
    worker = hire(math.sqrt)
    for number in (4, 9, 16):
        worker.ask(number)
    assert [worker.answer() for _ in range(3)] == [2, 3, 4]


def test_arrays_arrive_as_they_were_and_can_be_written(hire):
    worker = hire(partial(operator.mul, 2))
    array = np.random.default_rng(0).random((3, 500, 300)).astype(np.float32)
    for sent in (array, array[:, ::2].transpose(2, 0, 1), np.zeros((0, 3), np.int64)):
        worker.ask(sent)
        found = worker.answer()
        np.testing.assert_array_equal(found, sent * 2)
        assert found.dtype == sent.dtype
        assert found.flags.writeable


def test_errors_of_the_user_keep_their_class_and_message(hire, tmp_path):
    worker = hire(read_boxes)
    worker.ask(tmp_path / "absent.csv")
    with pytest.raises(ConfigError, match=r"absent\.csv: expected a CSV file"):
        worker.answer()


def test_defects_show_where_they_happened(hire):
    worker = hire(math.sqrt)
    worker.ask(-1)
    with pytest.raises(RuntimeError, match=r"(?s)in a worker process:.*ValueError: math domain"):
        worker.answer()
    worker.ask(4)
    assert worker.answer() == 2


def test_what_is_in_a_script_is_refused_with_the_reason(hire, monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "_InScript", _InScript, raising=False)
    worker = hire(_InScript())
    worker.ask(1)
    with pytest.raises(TrainingError, match=r"knows what is in modules, not what is in a script"):
        worker.answer()


def test_what_a_handler_prints_does_no_harm(hire):
    worker = hire(print)
    worker.ask("printed")
    assert worker.answer() is None


def test_a_crew_without_tasks():
    assert list(results_as_done(math.sqrt, [], 2)) == []


def test_forgotten_tasks(hire):
    worker = hire(math.sqrt)
    for number in (-1, 4):
        worker.ask(number)
    worker.forget_tasks()
    worker.ask(9)
    assert worker.answer() == 3


def test_a_process_that_dies_is_an_error(hire):
    worker = hire(os._exit)
    worker.ask(7)
    with pytest.raises(TrainingError, match=r"tester: .* unexpectedly \(exit code 7\)"):
        worker.answer()
    with pytest.raises(TrainingError):
        worker.ask(1)


def test_signals_for_everybody_do_not_end_it(hire):
    worker = hire(math.sqrt)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(worker.pid, number)
    worker.ask(4)
    assert worker.answer() == 2


def test_it_ends_when_closed(hire):
    worker = hire(math.sqrt)
    pid = worker.pid
    worker.close()
    assert not psutil.pid_exists(pid)
    worker.close()
    with pytest.raises(TrainingError, match="found a closed one"):
        worker.ask(4)


def test_it_ends_at_once_when_killed(hire):
    worker = hire(time.sleep)
    worker.ask(600)
    pid = worker.pid
    worker.kill()
    worker.close()
    assert not psutil.pid_exists(pid)


def test_it_ends_when_forgotten(end_soon):
    pid = WorkerProcess(math.sqrt, "tester").pid
    gc.collect()
    assert end_soon([pid])


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_crew_does_every_task_once(workers):
    done = dict(results_as_done(math.sqrt, range(20), workers))
    assert done == {number: math.sqrt(number) for number in range(20)}


@pytest.mark.parametrize("workers", [0, 2])
def test_a_crew_goes_on_after_media_that_cannot_be_read(workers, videos):
    from fomm_core.video import probe

    tasks = [Path("absent.mp4"), videos["gif"], Path("absent.mov")]
    done = dict(results_as_done(probe, tasks, workers))
    assert [isinstance(done[task], MediaError) for task in tasks] == [True, False, True]
    assert done[videos["gif"]].kind == "gif"


@pytest.mark.parametrize("workers", [0, 2])
def test_a_crew_stops_at_other_errors(workers, tmp_path):
    with pytest.raises(ConfigError):
        list(results_as_done(read_boxes, [tmp_path / "absent.csv"] * 3, workers))


def test_a_crew_that_is_left_early_ends(workers_alive):
    answers = results_as_done(time.sleep, [0, 600, 600], 2)
    assert next(answers) == (0, None)
    assert len(workers_alive()) == 2
    answers.close()
    assert workers_alive() == []


def test_an_interrupt_that_falls_into_a_lock_ends_a_crew():
    """It leaves one of Python's conditions locked, which nothing may wait for from then on."""
    script = """if True:
        import threading, time
        from fomm_train.data.workers.pool import results_as_done

        enter = threading.Condition.__enter__

        def interrupted(condition):
            enter(condition)
            if threading.current_thread() is threading.main_thread():
                raise KeyboardInterrupt

        answers = results_as_done(time.sleep, [0, 0, 0, 600], 2)
        next(answers)
        threading.Condition.__enter__ = interrupted
        try:
            list(answers)
        except KeyboardInterrupt:
            print("interrupted")
    """
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")
