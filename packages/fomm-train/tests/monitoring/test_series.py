import errno

import numpy as np
import pytest

from fomm_core.errors import OutputError
from fomm_train.graph.step import Loss
from fomm_train.monitoring.curves import draw_curves
from fomm_train.monitoring.log_directory import LogDirectory
from fomm_train.monitoring.series import LossMonitor, cut_series, read_series, series_files


@pytest.fixture
def directory(tmp_path):
    return LogDirectory(tmp_path)


def log(monitor, steps):
    for step in steps:
        monitor.add(step, [Loss("perceptual", step * 1.0), Loss("total_generator", 2.0)])


def test_lines_are_means_in_nnablas_format(directory):
    log(LossMonitor(directory, 3), range(7))
    assert directory.series("perceptual").read_text() == "2 1\n5 4\n"
    assert directory.series("total_generator").read_text() == "2 2\n5 2\n"


def test_nnablas_own_monitor_writes_the_same(needs_nnabla, directory, tmp_path):
    from nnabla.monitor import Monitor, MonitorSeries

    values = np.random.default_rng(0).normal(size=10)
    theirs = MonitorSeries("theirs", Monitor(str(tmp_path)), interval=4, verbose=False)
    ours = LossMonitor(directory, 4)
    for step, value in enumerate(values):
        theirs.add(step, value)
        ours.add(step, [Loss("ours", float(value))])
    files = series_files(directory)
    np.testing.assert_allclose(read_series(files["ours"]), read_series(files["theirs"]), rtol=1e-5)


def test_an_interrupted_interval_goes_on(directory, tmp_path):
    whole = LogDirectory(tmp_path / "whole")
    whole.path.mkdir()
    log(LossMonitor(whole, 4), range(12))
    first = LossMonitor(directory, 4)
    log(first, range(6))
    saved = first.pending
    log(first, range(6, 9))  # lost: the checkpoint is older
    cut_series(directory, 6)
    log(LossMonitor(directory, 4, saved), range(6, 12))
    for name in ("perceptual", "total_generator"):
        assert directory.series(name).read_text() == whole.series(name).read_text()


def test_a_torn_last_line_is_dropped(directory):
    directory.series("perceptual").write_text("2 1.5\n5 4.2")
    cut_series(directory, 100)
    assert directory.series("perceptual").read_text() == "2 1.5\n"


def test_lines_that_are_no_lines_are_left_out(directory):
    directory.series("perceptual").write_text("2 1.5\nnonsense\n\n5\n7 nan\n")
    found = read_series(directory.series("perceptual"))
    assert found.tolist()[0] == [2, 1.5]
    assert len(found) == 2


def test_a_full_disk_is_a_clear_error(directory, monkeypatch):
    import pathlib

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "open", full)
    with pytest.raises(OutputError, match=r"perceptual.*No space left"):
        log(LossMonitor(directory, 1), [0])


def test_curves_of_any_number_of_series_and_points(directory):
    from PIL import Image

    draw_curves(directory)
    assert not directory.curves.exists()
    for number, points in enumerate((1, 10, 5000, 2)):
        lines = [f"{step} {step % 7}" for step in range(points)]
        directory.series(f"loss{number}").write_text("\n".join(lines) + "\n")
    draw_curves(directory)
    with Image.open(directory.curves) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    blue = (pixels[..., 2] - pixels[..., 0]) > 60
    height, width = blue.shape
    # Two rows of up to three series, each with a line in its place.
    assert blue[: height // 2, : width // 3].any() or blue[: height // 2, width // 3 :].any()
    assert blue[height // 2 :, : width // 3].any()
    assert not blue[height // 2 :, width // 2 :].any()
