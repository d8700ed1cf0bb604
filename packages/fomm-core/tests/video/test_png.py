import errno
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fomm_core.errors import OutputError
from fomm_core.image import read_image
from fomm_core.video import PngWriter, VideoReader

pytestmark = pytest.mark.once


def write(folder, frames):
    with PngWriter(folder) as writer:
        for frame in frames:
            writer.write(frame)


def files(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_frames_become_numbered_files_without_loss(tmp_path, frames):
    write(tmp_path / "new" / "out", frames)

    assert files(tmp_path / "new" / "out") == [f"{n:06d}.png" for n in range(30)]
    np.testing.assert_array_equal(np.stack(list(VideoReader(tmp_path / "new" / "out"))), frames)
    assert files(tmp_path / "new") == ["out"]


def test_an_earlier_result_is_replaced_at_the_end(tmp_path, frames):
    write(tmp_path / "out", frames)

    with PngWriter(tmp_path / "out") as writer:
        writer.write(frames[5])
        assert len(files(tmp_path / "out")) == 30

    assert files(tmp_path / "out") == ["000000.png"]
    np.testing.assert_array_equal(read_image(tmp_path / "out" / "000000.png"), frames[5])
    assert files(tmp_path) == ["out"]


def test_a_folder_with_other_files_is_not_touched(tmp_path, frames):
    write(tmp_path / "out", frames[:1])
    (tmp_path / "out" / "holiday.png").write_bytes(b"dear")

    with pytest.raises(OutputError, match=r"found 'holiday\.png'"):
        PngWriter(tmp_path / "out")

    assert files(tmp_path / "out") == ["000000.png", "holiday.png"]
    assert files(tmp_path) == ["out"]


def test_other_files_that_appear_meanwhile_are_not_lost(tmp_path, frames):
    writer = PngWriter(tmp_path / "out")
    writer.write(frames[0])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "dear").write_bytes(b"")

    with pytest.raises(OutputError, match="found 'dear'"):
        writer.close()

    assert files(tmp_path / "out") == ["dear"]
    assert files(tmp_path) == ["out"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_bytes(b"")

    with pytest.raises(OutputError, match="found a file"):
        PngWriter(tmp_path / "out")


def test_an_error_leaves_the_earlier_result(tmp_path, frames, write_then_raise):
    write(tmp_path / "out", frames)

    with pytest.raises(LookupError):
        write_then_raise(PngWriter(tmp_path / "out"), frames[:1], LookupError)

    assert len(files(tmp_path / "out")) == 30
    assert files(tmp_path) == ["out"]


def test_an_interruption_keeps_a_part(tmp_path, frames, write_then_raise):
    for count in (3, 2):
        with pytest.raises(KeyboardInterrupt):
            write_then_raise(PngWriter(tmp_path / "out"), frames[:count], KeyboardInterrupt)

    assert files(tmp_path) == ["out.part"]
    assert len(files(tmp_path / "out.part")) == 2


def test_a_failing_exchange_of_folders_puts_the_old_one_back(tmp_path, frames, monkeypatch):
    write(tmp_path / "out", frames[:3])
    rename = Path.replace

    def refuse_the_new(self, target):
        if self.name.endswith(".tmp"):
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", refuse_the_new)
    with pytest.raises(OutputError, match="Input/output error"):
        write(tmp_path / "out", frames)

    assert len(files(tmp_path / "out")) == 3
    assert files(tmp_path) == ["out"]


def test_without_a_frame_there_is_no_folder(tmp_path):
    with pytest.raises(OutputError, match="found none"):
        write(tmp_path / "out", [])

    assert files(tmp_path) == []


def test_a_link_to_a_folder_stays_a_link(tmp_path, frames):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    write(tmp_path / "link", frames[:2])

    assert (tmp_path / "link").is_symlink()
    assert len(files(tmp_path / "real")) == 2


def test_a_comment_goes_into_every_picture(tmp_path, frames):
    for comment in ("made by a test", ""):
        with PngWriter(tmp_path / "out", comment=comment) as writer:
            writer.write(frames[0])
            writer.write(frames[1])

        for path in (tmp_path / "out").iterdir():
            with Image.open(path) as picture:
                assert picture.text.get("Comment", "") == comment
