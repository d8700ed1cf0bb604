"""Interruptions: Ctrl-C, an ended session, closed pipes."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from fomm_core.cli.signals import ended_like_interrupted
from fomm_core.config import dump_config
from fomm_core.engine.fake import FakeEngine
from fomm_core.model.bundle import EMBEDDED_MODELS
from fomm_core.model.finding import find_model

LONG = 100 * 75
PATIENCE_S = 240


@pytest.fixture(scope="session")
def long_driving(ffmpeg, media, driver):
    """A driving clip that takes the embedded model the better part of a minute."""
    path = media / "long.mp4"
    ffmpeg("-stream_loop", "99", "-i", driver, "-c", "copy", path)
    return path


def wait_for(condition):
    """Wait until something is there."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no signals between programs")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_and_what_was_made_can_be_played(
    start, here, files, portrait, long_driving, ffmpeg, name
):
    words = ("--source", portrait, "--driving", long_driving, "--output", "out/long.mp4")
    process = start("animate", "--model", "avatar", *words)
    made = here / "out"
    wait_for(lambda: made.is_dir() and any(f.stat().st_size for f in made.iterdir()))
    began = time.monotonic()
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=PATIENCE_S)
    assert time.monotonic() - began < 10, "went on in spite of the signal"
    assert (process.returncode, out) == (130, "")
    assert err.split("\n", 1)[1] == (
        "what there is so far: out/long.mp4.part\n\nfomm: interrupted\n"
    )
    assert files() == {"out/long.mp4.part"}
    assert 0 < len(ffmpeg.frames(made / "long.mp4.part")) < LONG


class Interrupted(FakeEngine):
    """An engine during whose work somebody presses Ctrl-C."""

    def __init__(self, size, *, after_detections=10**6, after_frames=10**6):
        super().__init__(size)
        self._left = {"detect": after_detections, "render": after_frames}

    def _count(self, what):
        self._left[what] -= 1
        if self._left[what] < 0:
            signal.raise_signal(signal.SIGINT)

    def detect(self, image):
        self._count("detect")
        return super().detect(image)

    def render(self, *args):
        self._count("render")
        return super().render(*args)


def test_interrupted_pngs_are_kept_too(animate, fake_engine, portrait, clip, pictures, here, files):
    fake_engine(Interrupted, after_frames=5)
    done = animate("--source", portrait, "--driving", clip, "--output-png", "--output", "made")
    assert done.code == 130
    assert len(pictures(here / "made.part")) == 5
    assert {name.split("/")[0] for name in files()} == {"made.part"}


def test_before_the_first_frame_there_is_nothing_to_keep(
    animate, fake_engine, portrait, clip, here, files
):
    (here / "o.mp4").write_bytes(b"an earlier result")
    (here / "o.mp4.part").write_bytes(b"an earlier part")
    fake_engine(Interrupted, after_detections=4)
    words = ("--source", portrait, "--driving", clip, "--find-best-frame", "--save-motion", "m.npz")
    done = animate(*words, "--output", "o.mp4")
    assert done.code == 130
    assert "so far" not in done.err
    assert files() == {"o.mp4", "o.mp4.part"}
    assert (here / "o.mp4").read_bytes() == b"an earlier result"
    assert (here / "o.mp4.part").read_bytes() == b"an earlier part"


def test_an_interruption_leaves_the_earlier_result(animate, fake_engine, portrait, clip, here):
    words = ("--source", portrait, "--driving", clip, "--output", "o.mp4")
    fake_engine()
    assert animate(*words).code == 0
    before = (here / "o.mp4").read_bytes()
    fake_engine(Interrupted, after_frames=3)
    done = animate(*words)
    assert done.code == 130
    assert "what there is so far: o.mp4.part" in done.err
    assert (here / "o.mp4").read_bytes() == before


def test_ctrl_c_is_seen_as_well_and_put_back():
    before = signal.getsignal(signal.SIGINT)
    with ended_like_interrupted() as asked, pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert asked.is_set()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP on Windows")
def test_ignored_signals_stay_ignored_and_all_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    hup = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_like_interrupted():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            signal.raise_signal(signal.SIGHUP)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, hup)
    assert signal.getsignal(signal.SIGTERM) is before


def test_whoever_missed_an_interruption_can_see_that_it_came():
    with ended_like_interrupted() as asked:
        assert not asked.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert asked.is_set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_that_falls_into_a_finaliser_comes_again(number, capsys):
    class Finalised:
        def __del__(self):
            signal.raise_signal(number)

    hook, began = sys.unraisablehook, time.monotonic()
    with pytest.raises(KeyboardInterrupt), ended_like_interrupted() as asked:  # noqa: PT012
        thing = Finalised()
        del thing
        assert asked.is_set()
        time.sleep(60)
    assert time.monotonic() - began < 30
    assert capsys.readouterr().err == ""
    assert sys.unraisablehook is hook


def test_what_else_goes_wrong_in_a_finaliser_is_told(monkeypatch):
    class Finalised:
        def __del__(self):
            raise ValueError("a defect")

    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: told.append(dropped.exc_value))
    with ended_like_interrupted():
        thing = Finalised()
        del thing
    assert [str(error) for error in told] == ["a defect"]


def test_a_closed_stdout_does_not_cost_the_result(program, portrait, files, ffmpeg, here):
    read_end, write_end = os.pipe()
    os.close(read_end)
    words = ("-q", "animate", "--model", "avatar", "--source", portrait, "--driving", portrait)
    words += ("--output", "o.mp4")
    with os.fdopen(write_end, "w") as closed:
        done = program(*words, stdout=closed)
    assert (done.code, done.err) == (1, "")
    assert files() == {"o.mp4"}
    assert len(ffmpeg.frames(here / "o.mp4")) == 1


@pytest.mark.skipif(os.name != "posix", reason="closes a file descriptor between fork and exec")
@pytest.mark.parametrize("number", [1, 2])
def test_without_stdout_or_stderr_it_works(program, portrait, files, number):
    words = ("animate", "--model", "avatar", "--source", portrait, "--driving", portrait)
    words += ("--output", "o.mp4")
    done = program(*words, preexec_fn=lambda: os.close(number))
    assert done.code == 0
    assert files() == {"o.mp4"}


def test_a_closed_stderr_ends_it_before_anything_is_made(program, portrait, files):
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as closed:
        done = program("animate", "--source", portrait, "--driving", portrait, stderr=closed)
    assert (done.code, done.out) == (1, "")
    assert files() == set()


ARRAYS = EMBEDDED_MODELS / "avatar" / "params.h5"


@pytest.mark.once
@pytest.mark.skipif(os.name != "posix", reason="Windows knows no signals between programs")
@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("model.bundle._swap", ("export", "new/model", "--config", "c.yaml", "--params", ARRAYS)),
        ("model.bundle._swap", ("quantize", "--model", "avatar", "--output", "new/model")),
        ("loading.start_model", ("animate", "--model", "avatar", "--output", "new/o.mp4")),
    ],
)
def test_an_ended_session_leaves_no_half_of_a_result(
    fomm, here, monkeypatch, clip, portrait, target, words
):
    """The session ends when everything is done but the last step."""
    if words[0] == "export":
        pytest.importorskip("nnabla", reason="the smallest model is exported with it alone")
    (here / "c.yaml").write_text(dump_config(find_model("avatar").config))

    def end(*_):
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(f"fomm_core.{target}", end)
    inputs = {"quantize": ("--driving", clip), "animate": ("--driving", clip, "--source", portrait)}
    done = fomm(*words, *inputs.get(words[0], ()))
    assert done.code == 130, done.err
    assert {path.name for path in here.rglob("*")} == {"c.yaml"}
