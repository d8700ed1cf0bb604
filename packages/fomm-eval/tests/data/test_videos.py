from __future__ import annotations

from pathlib import Path

import pytest

from fomm_core.errors import MediaError
from fomm_eval.data.videos import find_test_videos


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_a_divided_data_set_has_its_test_videos_in_test(tmp_path):
    touch(tmp_path, "test/b10.mp4", "test/b9.mov", "test/note.txt", "test/.hidden.mp4")
    touch(tmp_path, "train/c.mp4")
    (tmp_path / "test" / "folder").mkdir()
    names = [path.name for path in find_test_videos(tmp_path)]
    assert names == ["b9.mov", "b10.mp4", "folder"]


def test_of_a_flat_folder_a_fifth_is_for_tests(tmp_path):
    touch(tmp_path, *(f"{number}.mp4" for number in range(20)))
    first = find_test_videos(tmp_path)
    assert len(first) == 4
    touch(tmp_path, "other.txt")
    assert find_test_videos(tmp_path) == first


def test_identities_are_not_on_both_sides(tmp_path):
    touch(tmp_path, *(f"{who}#{number}.mp4" for who in "abcde" for number in range(3)))
    found = find_test_videos(tmp_path, by_identity=True)
    assert len(found) == 3
    assert len({path.name.split("#")[0] for path in found}) == 1


@pytest.mark.parametrize("names", [(), ("a.txt",), ("only.mp4",), ("train/a.mp4",)])
def test_without_test_videos_there_is_an_error(tmp_path, names):
    with pytest.raises(MediaError, match=r"found (none|1)"):
        find_test_videos(touch(tmp_path / "data", "x.txt", *names))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(MediaError, match="nowhere"):
        find_test_videos(tmp_path / "nowhere")


def test_two_videos_of_one_name_are_refused(tmp_path):
    touch(tmp_path, "test/a.mp4", "test/a.mov")
    with pytest.raises(MediaError, match=r"different names.*a.mov and a.mp4"):
        find_test_videos(tmp_path)
