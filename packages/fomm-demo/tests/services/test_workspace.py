from __future__ import annotations

import os
import shutil
import stat
import sys
import time

import pytest

from fomm_demo.services.workspace import Workspace


def test_it_is_private_and_goes_when_it_is_closed(tmp_path):
    workspace = Workspace(5, tmp_path)

    assert stat.S_IMODE(workspace.root.stat().st_mode) == 0o700
    workspace.close()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_job_goes_with_the_job_even_if_that_fails(workspace):
    def fail():
        with workspace.job_folder() as folder:
            (folder / "file").write_text("half")
            folders.append(folder)
            raise ValueError("half way")

    folders = []
    with pytest.raises(ValueError, match="half way"):
        fail()

    assert [folder.exists() for folder in folders] == [False]


def test_results_get_names_that_cannot_be_guessed(workspace):
    with workspace.job_folder() as folder:
        results = []
        for _ in range(2):
            (folder / "a.mp4").write_text("same")
            results.append(workspace.publish(folder / "a.mp4", "a.mp4"))

    first, second = results
    assert first != second
    assert len(first.parent.name) == 32
    assert workspace.holds(first)
    workspace.withdraw(first)
    assert not workspace.holds(first)
    assert workspace.holds(second)


def test_what_is_old_is_swept_away_and_what_is_new_stays(workspace):
    names = ("old", "new")
    for name in names:
        (workspace.served / name).mkdir()
        (workspace.served / name / "file").write_text(name)
    past = time.time() - 3600
    for path in (workspace.served / "old" / "file", workspace.served / "old"):
        os.utime(path, (past, past))

    assert workspace.sweep() == 1
    assert not (workspace.served / "old" / "file").exists()
    assert (workspace.served / "new" / "file").exists()


def test_only_files_inside_are_held_whatever_the_path_looks_like(workspace, tmp_path):
    inside, outside = workspace.served / "file", tmp_path / "secret"
    inside.write_text("a")
    outside.write_text("b")
    (workspace.served / "link").symlink_to(outside)

    assert workspace.holds(inside)
    assert workspace.holds(workspace.served / "x" / ".." / "file")
    assert not workspace.holds(outside)
    assert not workspace.holds(workspace.served / ".." / ".." / "secret")
    assert not workspace.holds(workspace.served / "link")
    assert not workspace.holds(workspace.served)


@pytest.fixture
def vanishing():
    """Folders that are removed when somebody is about to list them."""
    folders = set()

    def look(event, arguments):
        if event == "os.scandir" and str(arguments[0]) in folders:
            folders.remove(str(arguments[0]))
            shutil.rmtree(arguments[0])

    sys.addaudithook(look)  # cannot be taken back; without folders it does nothing
    yield folders
    folders.clear()


@pytest.mark.parametrize("work", [Workspace.used_bytes, Workspace.sweep])
def test_folders_may_go_while_they_are_looked_through(workspace, vanishing, work):
    for name in ("first", "second", "third"):
        (workspace.served / name).mkdir()
        (workspace.served / name / "file").write_text(name)
    vanishing.add(str(workspace.served / "second"))
    work(workspace)

    assert sorted(path.name for path in workspace.served.iterdir()) == ["first", "third"]


def test_the_size_of_all_files_is_known(workspace):
    (workspace.served / "file").write_bytes(bytes(100_000))

    assert 100_000 <= workspace.used_bytes() < 150_000
