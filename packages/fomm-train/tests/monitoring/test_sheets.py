import numpy as np

from fomm_core.config import VisualizerParams
from fomm_core.image import read_image
from fomm_train.data.batch import Batch
from fomm_train.graph.forward import Predictions
from fomm_train.monitoring.sheets import make_sheet, write_sheet

SIZE = 40


def flat(value, count=2):
    return np.full((count, 3, SIZE, SIZE), value, np.float32)


def make(crosses, count=2):
    driving = flat(0.4, count)
    target = flat(0.6, count) if crosses else driving
    batch = Batch(flat(0.2, count), driving, target, None, np.arange(count))
    keypoints = np.zeros((count, 1, 2), np.float32)
    return batch, Predictions(flat(0.8, count), keypoints, keypoints)


def grey(sheet, row, column):
    """A pixel near a panel's corner, where there is no keypoint."""
    top = sheet.shape[0] - (2 - row) * (SIZE + 1) + 2
    return int(sheet[top, 1 + column * (SIZE + 1) + 2, 0])


def test_panels_are_source_driving_generated_and_keypoints():
    sheet = make_sheet(*make(crosses=False), VisualizerParams())
    for row in range(2):
        assert [grey(sheet, row, column) for column in range(5)] == [51, 102, 204, 51, 102]


def test_the_target_is_shown_where_it_is_not_the_driving_frame():
    sheet = make_sheet(*make(crosses=True), VisualizerParams())
    assert [grey(sheet, 1, column) for column in range(6)] == [51, 102, 204, 153, 51, 102]


def test_keypoints_are_drawn_in_the_last_two_panels():
    sheet = make_sheet(*make(crosses=False), VisualizerParams()).astype(int)
    colored = np.abs(sheet[..., 0] - sheet[..., 2]).max(axis=0) > 60
    starts = [1 + column * (SIZE + 1) for column in range(5)]
    assert [bool(colored[start : start + SIZE].any()) for start in starts] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_large_batches_are_cut(tmp_path):
    write_sheet(tmp_path / "sheet.png", *make(crosses=False, count=20), VisualizerParams())
    sheet = read_image(tmp_path / "sheet.png")
    assert sheet.shape[0] < 10 * (SIZE + 1)
