from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import ConfigError, MediaError
from fomm_train.data.prepare.boxes import BoxRow, Cut, read_boxes

HEADER = "file,start,end,left,top,right,bottom\n"


def table(tmp_path, text):
    path = tmp_path / "boxes.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_in_any_order_of_columns(tmp_path):
    path = table(
        tmp_path,
        "\ufeffleft,top,right,bottom,file,note,end,start\n"
        '1,2,33.6,44,"a, b.mp4",x,20,10\n'
        "0,0,8,8,b.mp4,,,\n",
    )
    assert read_boxes(path) == [
        BoxRow("a, b.mp4", Cut(10, 20, 1, 2, 34, 44), f"{path}:2"),
        BoxRow("b.mp4", Cut(0, None, 0, 0, 8, 8), f"{path}:3"),
    ]


def test_start_and_end_may_be_absent(tmp_path):
    path = table(tmp_path, "file,left,top,right,bottom\na,0,0,8,8\n")
    assert read_boxes(path)[0].cut == Cut(0, None, 0, 0, 8, 8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the columns"),
        (HEADER, "expected at least one box"),
        ("file,left,top,right\na,0,0,8\n", "found no bottom"),
        (HEADER + "a,0,9,0,0,8\n", r":2: .*found an empty field"),
        (HEADER + ",0,9,0,0,8,8\n", r":2: .*found an empty field"),
        (HEADER + "a,0,9,0,0,8,8\na,0,9,x,0,8,8\n", r":3: left: expected a number, found 'x'"),
        (HEADER + "a,0,9,nan,0,8,8\n", "left: expected a number"),
        (HEADER + "a,0,9,8,0,8,8\n", "expected left < right"),
        (HEADER + "a,0,9,0,9,8,8\n", "expected left < right, top < bottom"),
        (HEADER + "a,9,9,0,0,8,8\n", "0 <= start < end"),
        (HEADER + "a,-1,9,0,0,8,8\n", "0 <= start < end"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        read_boxes(table(tmp_path, text))


def test_no_table(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.csv: expected a CSV file"):
        read_boxes(tmp_path / "absent.csv")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    with pytest.raises(ConfigError, match=r"binary\.csv: expected a CSV file"):
        read_boxes(tmp_path / "binary.csv")


def test_a_box_is_cut_at_the_edges_of_the_frame():
    frame = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    np.testing.assert_array_equal(Cut(0, None, 2, 1, 5, 4).crop(frame), frame[1:4, 2:5])
    np.testing.assert_array_equal(Cut(0, None, -3, 4, 2, 99).crop(frame), frame[4:, :2])
    for outside in (Cut(0, None, 8, 0, 9, 9), Cut(0, None, -5, 0, -1, 9)):
        with pytest.raises(MediaError, match="expected a box within 8 x 6 pixels"):
            outside.crop(frame)
