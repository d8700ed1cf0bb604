from __future__ import annotations

import pytest

import release

real_build = release.build


@pytest.fixture(autouse=True)
def quick_build(monkeypatch):
    """Stand in for the build, which the environment `build` tests for real."""

    def build(package, folder):
        folder.mkdir(exist_ok=True)
        path = folder / f"fomm_one-{package.version}.tar.gz"
        path.write_text("built")
        return [path]

    monkeypatch.setattr(release, "build", build)


def test_by_default_nothing_stays(package, tmp_path, capsys):
    assert release.release(tmp_path, package, execute=False) == 0
    assert "fomm-one-v0.2.0 could be released" in capsys.readouterr().out
    assert not (tmp_path / "dist").exists()
    assert release.git(tmp_path, "tag", "--list") == ""


def test_execute_builds_and_tags_with_the_changes(package, tmp_path):
    assert release.release(tmp_path, package, execute=True) == 0
    assert (tmp_path / "dist" / "fomm_one-0.2.0.tar.gz").exists()
    assert release.git(tmp_path, "tag", "--list", "-n9") == "fomm-one-v0.2.0 - Better."


def test_a_release_can_be_repeated_at_the_same_commit(package, tmp_path):
    assert release.release(tmp_path, package, execute=True) == 0
    assert release.release(tmp_path, package, execute=True) == 0


def test_a_tag_at_another_commit_is_refused(package, tmp_path, capsys):
    release.release(tmp_path, package, execute=True)
    release.git(tmp_path, "commit", "--allow-empty", "-m", "More")
    assert release.release(tmp_path, package, execute=True) == 1
    assert "the tag fomm-one-v0.2.0 exists at" in capsys.readouterr().out


def test_a_version_without_change_log_is_refused(package, tmp_path, capsys):
    (package.source / "_version.py").write_text('__version__ = "0.3.0"\n')
    assert release.release(tmp_path, package, execute=False) == 1
    assert capsys.readouterr().out.splitlines() == [
        "fomm-one: version 0.3.0, but the change log begins with 0.2.0",
        "fomm-one: files of the package are not committed",
    ]


def test_an_empty_change_log_is_refused(package, tmp_path, capsys):
    (package.folder / "CHANGELOG.md").write_text("# Changes\n\n## 0.2.0\n")
    assert release.release(tmp_path, package, execute=False) == 1
    assert "the change log says nothing about 0.2.0" in capsys.readouterr().out


def test_of_earlier_and_other_builds_nothing_is_reported(package, tmp_path, monkeypatch):
    monkeypatch.setattr(release.subprocess, "run", lambda *_, **__: None)
    folder = tmp_path / "dist"
    folder.mkdir()
    for name in (
        *("fomm_one-0.2.0.tar.gz", "fomm_one-0.2.0-py3-none-any.whl"),
        *("fomm_other-0.2.0.tar.gz", "fomm_one-0.1.0.tar.gz", "fomm_one-10.2.0.tar.gz"),
        *("fomm_one-0.2.0.1.tar.gz", "fomm_one_more-0.2.0-py3-none-any.whl"),
    ):
        (folder / name).touch()
    assert [path.name for path in real_build(package, folder)] == [
        "fomm_one-0.2.0-py3-none-any.whl",
        "fomm_one-0.2.0.tar.gz",
    ]
