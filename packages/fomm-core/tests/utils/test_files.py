from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from pathlib import Path

import pytest

from fomm_core.errors import ModelError, OutputError
from fomm_core.utils.files import (
    atomic_path,
    file_sizes,
    made_folder,
    make_folders,
    sha256_of,
    staged_folder,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write_half(final, error, **settings):
    with atomic_path(final, **settings) as partial:
        partial.write_bytes(b"half")
        raise error


def test_the_file_appears_at_the_end_under_its_name_alone(tmp_path):
    final = tmp_path / "params.h5"
    with atomic_path(final) as partial:
        assert partial.parent == tmp_path
        assert partial.suffix == ".h5"
        partial.write_bytes(b"content")
        assert not final.exists()
    assert final.read_bytes() == b"content"
    assert names(tmp_path) == ["params.h5"]


def test_an_error_leaves_what_was_there(tmp_path):
    final = tmp_path / "params.h5"
    final.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError):
        write_half(final, ZeroDivisionError())
    assert final.read_bytes() == b"old"
    assert names(tmp_path) == ["params.h5"]


def test_an_interruption_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "a.npz", KeyboardInterrupt())
    assert names(tmp_path) == []


def test_two_writers_do_not_share_a_temporary_file(tmp_path):
    final = tmp_path / "a"
    with atomic_path(final) as one, atomic_path(final) as other:
        one.write_bytes(b"one")
        other.write_bytes(b"other")
    assert final.read_bytes() == b"one"
    assert names(tmp_path) == ["a"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_file_has_the_permissions_of_any_new_file(tmp_path):
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    with atomic_path(tmp_path / "atomic") as partial:
        partial.touch()
    modes = {stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_missing_folder_is_named_in_one_line(tmp_path):
    final = tmp_path / "none" / "a.h5"
    with pytest.raises(OutputError) as caught, atomic_path(final) as partial:
        partial.write_bytes(b"content")
    assert str(caught.value) == f"{final}: cannot be written: No such file or directory"


def test_a_full_disk_is_an_output_error_and_leaves_nothing(tmp_path):
    with pytest.raises(OutputError, match="No space left"):
        write_half(tmp_path / "a", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert names(tmp_path) == []


def test_a_folder_in_the_way_is_an_output_error(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputError, match="cannot be written"), atomic_path(tmp_path / "a") as p:
        p.write_bytes(b"content")
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("size", [0, 1, (1 << 20) + 1])
def test_sha256_is_that_of_the_whole_content(tmp_path, size):
    content = os.urandom(size)
    (tmp_path / "a").write_bytes(content)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(content).hexdigest()


def test_sha256_of_a_missing_file_is_a_model_error(tmp_path):
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        sha256_of(tmp_path / "none")


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_stays_and_its_target_is_written(tmp_path):
    disk, link = tmp_path / "disk", tmp_path / "params.h5"
    disk.mkdir()
    (disk / "real.h5").write_bytes(b"old")
    link.symlink_to("disk/real.h5")
    with atomic_path(link) as partial:
        assert partial.parent == disk
        partial.write_bytes(b"new")
    assert link.is_symlink()
    assert (disk / "real.h5").read_bytes() == b"new"
    assert names(disk) == ["real.h5"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX devices")
def test_a_device_is_no_place_for_a_file(tmp_path):
    (tmp_path / "a.h5").symlink_to("/dev/null")
    with pytest.raises(OutputError, match=r"a\.h5: cannot be written: .* found a device"):
        write_half(tmp_path / "a.h5", ZeroDivisionError())


@pytest.mark.parametrize("letter", ["a", "é", "\N{GRINNING FACE}"])
def test_the_longest_names_can_be_written(tmp_path, letter):
    final = tmp_path / (letter * (251 // len(letter.encode())) + ".h5")
    with atomic_path(final) as partial:
        partial.write_bytes(b"content")
    assert names(tmp_path) == [final.name]


def test_the_sizes_of_a_folders_files_are_those_of_the_files_that_stay(tmp_path, monkeypatch):
    """One file and one folder vanish between being listed and being looked at."""
    for name, size in (("a/kept", 7), ("a/gone", 5), ("b/gone", 3), ("kept", 2)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    listed = os.walk

    def walk(folder):
        for place, folders, files in listed(folder):
            for name in {"gone"} & set(files):
                Path(place, name).unlink()
            if "b" in folders:
                shutil.rmtree(Path(place, "b"))
            yield place, folders, files

    monkeypatch.setattr(os, "walk", walk)
    assert sorted(file_sizes(tmp_path)) == [2, 7]
    assert list(file_sizes(tmp_path / "absent")) == []


def test_missing_folders_are_made_with_the_file(tmp_path):
    final = tmp_path / "one" / "two" / "a.h5"
    with atomic_path(final, parents=True) as partial:
        partial.write_bytes(b"content")
    assert final.read_bytes() == b"content"


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, OSError])
def test_folders_made_for_a_file_go_with_it(tmp_path, error):
    (tmp_path / "one").mkdir()
    with pytest.raises((error, OutputError)):
        write_half(tmp_path / "one/two/three/a.h5", error, parents=True)
    assert [*tmp_path.rglob("*")] == [tmp_path / "one"]


def test_folders_in_which_others_have_written_meanwhile_stay(tmp_path):
    with made_folder(tmp_path / "one/two/three"):
        (tmp_path / "one/other").touch()
    assert names(tmp_path) == ["one"]
    assert names(tmp_path / "one") == ["other"]


@pytest.mark.parametrize("path", ["file/one", "one/../file/two", "one/\0/two", f"one/{'x' * 300}"])
def test_no_folder_is_left_where_one_cannot_be_made(tmp_path, path):
    (tmp_path / "file").touch()
    with pytest.raises((OSError, ValueError)):
        make_folders(tmp_path / path)
    assert names(tmp_path) == ["file"]


def test_a_staged_folder_is_moved_into_place_or_goes(tmp_path):
    final = tmp_path / "one" / "model"
    with staged_folder(final) as staged:
        (staged / "half").touch()
    assert names(tmp_path) == []
    with staged_folder(final) as staged:
        (staged / "whole").touch()
        staged.replace(final)
    assert names(tmp_path / "one") == ["model"]
    assert names(final) == ["whole"]
