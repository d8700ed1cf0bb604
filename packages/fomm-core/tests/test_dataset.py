from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.dataset import (
    clip_name,
    find_videos,
    group_by_identity,
    identity_of,
    list_videos,
    split,
)
from fomm_core.errors import MediaError

pytestmark = pytest.mark.once

names = st.lists(st.from_regex(r"[a-c]{1,2}#[0-9]{1,3}\.mp4", fullmatch=True), unique=True)


def make(root: Path, *entries: str) -> Path:
    for entry in entries:
        path = root / entry
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix:
            path.touch()
        else:
            path.mkdir()
    return root


def test_videos_come_in_natural_order_and_nothing_else(tmp_path):
    entries = ["b10.mp4", "b9.MOV", "a.gif", "folder", "notes.txt", ".hidden.mp4", ".folder/x.png"]
    found = list_videos(make(tmp_path, *entries))
    assert [path.name for path in found] == ["a.gif", "b9.MOV", "b10.mp4", "folder"]


def test_names_and_identities():
    assert clip_name(Path("d/id1#a.b.mp4")) == "id1#a.b"
    assert clip_name(Path("d/id1#a.b")) == "id1#a.b"
    assert identity_of(Path("d/id1#a#2.mp4")) == "id1"
    assert identity_of(Path("d/plain.mp4")) == "plain"


def test_videos_of_an_identity_are_together():
    paths = [Path(name) for name in ("x#1.mp4", "y#1.mp4", "x#2.mp4")]
    assert group_by_identity(paths) == [[paths[0], paths[2]], [paths[1]]]


def test_the_folders_train_and_test_are_used(tmp_path):
    make(tmp_path, "train/a.mp4", "train/b.mp4", "test/c.mp4")
    assert [path.name for path in find_videos(tmp_path, "train")] == ["a.mp4", "b.mp4"]
    assert [path.name for path in find_videos(tmp_path, "test")] == ["c.mp4"]


def test_a_flat_folder_is_split_in_five(tmp_path):
    make(tmp_path, *(f"{number}.mp4" for number in range(50)))
    train, test = (find_videos(tmp_path, part) for part in ("train", "test"))
    assert (len(train), len(test)) == (40, 10)
    assert sorted(train + test) == sorted(list_videos(tmp_path))


@given(names, st.booleans(), st.randoms())
def test_a_split_is_a_partition_that_ignores_the_order(found, by_identity, random):
    videos = [Path(name) for name in found]
    train, test = (split(videos, part, by_identity=by_identity) for part in ("train", "test"))
    assert sorted(train + test) == sorted(videos)
    shuffled = random.sample(videos, len(videos))
    assert sorted(split(shuffled, "test", by_identity=by_identity)) == sorted(test)
    units = {identity_of(video) if by_identity else video for video in videos}
    if len(units) > 1:
        assert train
        assert test
    if by_identity:
        assert not {identity_of(v) for v in train} & {identity_of(v) for v in test}


@pytest.mark.parametrize(
    ("entries", "part", "message"),
    [
        ([], "train", "expected videos"),
        (["notes.txt"], "train", "expected videos"),
        (["train/a.mp4"], "test", "test: expected a folder of videos, found none"),
        (["only.mp4"], "test", "at least 2 videos"),
    ],
)
def test_what_is_missing_is_said(tmp_path, entries, part, message):
    with pytest.raises(MediaError, match=message):
        find_videos(make(tmp_path, *entries), part)


def test_no_folder(tmp_path):
    with pytest.raises(MediaError, match=r"absent: expected a folder of videos"):
        find_videos(tmp_path / "absent", "train")


def test_one_video_is_for_training(tmp_path):
    assert len(find_videos(make(tmp_path, "only.mp4"), "train")) == 1


VOXCELEB = ("id1/vidA/00001.mp4", "id1/vidB/00001.mp4", "id2/vidC/00002.MTS", "id2/vidC/00010.mkv")


def test_videos_in_sub_folders_are_named_by_them(tmp_path):
    root = make(tmp_path, *VOXCELEB, "id3/vidD/00001/0.png", "flat#1.mp4")
    names = [clip_name(video, root) for video in list_videos(root)]
    assert names == [
        "flat#1",
        "id1#vidA#00001",
        "id1#vidB#00001",
        "id2#vidC#00002",
        "id2#vidC#00010",
        "id3#vidD#00001",
    ]
    groups = group_by_identity(list_videos(root), root)
    assert [len(group) for group in groups] == [1, 2, 2, 1]


@pytest.mark.parametrize("part", ["train", "test"])
def test_identities_of_sub_folders_are_not_divided(tmp_path, part):
    root = make(tmp_path, *VOXCELEB)
    videos = find_videos(root, part, by_identity=True)
    assert len({identity_of(video, root) for video in videos}) == 1
    assert len(videos) == 2


def test_files_that_are_passed_over_are_counted_and_named(tmp_path, caplog):
    root = make(tmp_path, *VOXCELEB, "id1/vidA/00001.m4a", "notes.txt", ".hidden.txt")
    assert len(list_videos(root)) == 4
    assert "2 files are passed over" in caplog.text
    assert "id1/vidA/00001.m4a, notes.txt" in caplog.text
    with pytest.raises(MediaError, match=r"found none, but 1 others: b\.doc"):
        list_videos(make(tmp_path / "other", "b.doc"))


def test_folders_that_lead_to_no_video_stay_entries(tmp_path):
    root = make(tmp_path, "empty", "a/empty", "a.mp4")
    (root / "a" / "circle").symlink_to(root / "a")
    assert [video.name for video in list_videos(root)] == ["a", "a.mp4", "empty"]


def test_a_name_that_no_system_takes(tmp_path):
    with pytest.raises(MediaError, match="expected a folder of videos, found none"):
        find_videos(f"{tmp_path}/a\0b", "train")


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on POSIX alone")
def test_names_that_are_no_utf8_are_split_too(tmp_path):
    root = make(tmp_path, *(os.fsdecode(b"caf\xe9%d.mp4" % number) for number in range(5)))
    train, test = (find_videos(root, part) for part in ("train", "test"))
    assert (len(train), len(test)) == (4, 1)


def test_an_address_is_no_data_set():
    with pytest.raises(MediaError, match="found an address; download it first"):
        find_videos("https://example.org/data", "train")
