from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import MediaError
from fomm_train.data import index as index_module
from fomm_train.data.clip import open_clip
from fomm_train.data.index import IndexStore, build_index


def test_broken_videos_are_named(broken_videos):
    for name, path in broken_videos.items():
        with pytest.raises(MediaError, match=name) as caught:
            open_clip(path, IndexStore())
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["one group", "full range", "gif", "turned"])
def test_a_kept_index_is_equal(videos, tmp_path, kind, monkeypatch):
    first = IndexStore(tmp_path).get(videos[kind])

    def fail(path):
        raise AssertionError("looked through again")

    monkeypatch.setattr(index_module, "build_index", fail)
    again = IndexStore(tmp_path).get(videos[kind])
    assert again.frame_count == first.frame_count
    assert (again.table is None) == (first.table is None)
    if first.table is not None:
        assert again.table.stream == first.table.stream
        np.testing.assert_array_equal(again.table.packets, first.table.packets)


def test_a_changed_file_is_looked_through_again(tmp_path, write_numbered):
    store = IndexStore(tmp_path / "indices")
    path = write_numbered(tmp_path / "a.mp4", 5)
    assert store.get(path).frame_count == 5
    write_numbered(path, 9)
    assert store.get(path).frame_count == 9


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:-40], lambda b: b"x" + b])
def test_a_damaged_index_is_made_again(videos, tmp_path, damage):
    expected = IndexStore(tmp_path).get(videos["short groups"])
    (file,) = tmp_path.rglob("*.index")
    file.write_bytes(damage(file.read_bytes()))
    found = IndexStore(tmp_path).get(videos["short groups"])
    np.testing.assert_array_equal(found.table.packets, expected.table.packets)


def test_a_folder_that_cannot_be_written_does_no_harm(videos, tmp_path):
    (tmp_path / "file").touch()
    store = IndexStore(tmp_path / "file")
    assert store.get(videos["short groups"]).frame_count == 40


def test_every_packet_lies_where_the_table_says(videos):
    path = videos["short groups"]
    packets = build_index(path).table.packets
    data = path.read_bytes()
    for position, size, _, _, _ in packets.tolist():
        # H.264 in mp4: each unit is preceded by its length, and the units fill the packet.
        end = position + size
        while position < end:
            position += 4 + int.from_bytes(data[position : position + 4], "big")
        assert position == end


def test_frames_shown_before_their_key_frame_begin_at_the_one_before(videos):
    table = build_index(videos["open groups"]).table
    stamps, keys = table.packets["pts"], table.key_rows
    leading = [key for key in keys.tolist()[1:] if stamps[key + 1 : key + 2] < stamps[key]]
    assert leading, "the video should have such frames"
    for key in leading:
        assert table.key_before(key) == key
        assert table.key_before(key + 1) == keys[keys < key].max()
