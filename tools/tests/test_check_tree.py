from __future__ import annotations

import pytest

import check_tree
import wrap_changes


def breaches_of(root):
    return list(check_tree.breaches(root))


def test_a_repository_that_keeps_the_rules_has_no_breach(package, tmp_path):
    assert breaches_of(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "breach"),
    [
        ("a = '/" + "home/me/data'", "names a folder of one machine: /" + "home/m"),
        ("see py" + "pi.org for it", "names a package registry: py" + "pi.org"),
        ("index" + "-url = 'x'", "sets a package registry: index" + "-url ="),
        ("[tool.uv" + ".index]", "sets a package registry: [tool.uv" + ".index]"),
    ],
)
def test_words_of_one_machine_are_found(package, tmp_path, text, breach):
    (tmp_path / "notes.md").write_text(f"first\n{text}\n")
    assert breaches_of(tmp_path) == [f"notes.md:2: {breach}"]


@pytest.mark.parametrize("text", ["https://example.org/home/me", "src/work/here", "a /b/tmp/c"])
def test_addresses_and_relative_paths_are_no_breach(package, tmp_path, text):
    (tmp_path / "notes.md").write_text(text)
    assert breaches_of(tmp_path) == []


def test_only_the_embedded_model_and_the_readmes_pictures_may_be_large(package, tmp_path):
    for folder in check_tree.EXCEPTIONS_KB:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "large").write_bytes(b"\xff" * 301_000)
    assert breaches_of(tmp_path) == []
    (tmp_path / "decoder.onnx").write_bytes(b"\xff" * 301_000)
    assert breaches_of(tmp_path) == ["decoder.onnx: expected at most 300 kB, found 301 kB"]


def test_ignored_files_do_not_count(package, tmp_path):
    (tmp_path / ".gitignore").write_text("uv.lock\n")
    (tmp_path / "uv.lock").write_text("")
    assert breaches_of(tmp_path) == []


def test_the_lock_file_is_not_committed(package, tmp_path):
    (tmp_path / "uv.lock").write_text("")
    assert len(breaches_of(tmp_path)) == 1


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "LICENSE", "src/fomm_one/py.typed"])
def test_what_a_package_lacks_is_named(package, tmp_path, name):
    (package.folder / name).unlink()
    assert breaches_of(tmp_path) == [f"{package.folder / name}: missing"]


def test_another_licence_is_a_breach(package, tmp_path):
    (package.folder / "LICENSE").write_text("another")
    (breach,) = breaches_of(tmp_path)
    assert "LICENSE: expected the text of" in breach


def test_the_words_of_the_code_are_checked(package, tmp_path):
    (tmp_path / "stage.py").write_text('"""A stage."""\nstudio = 1\n')
    assert len(breaches_of(tmp_path)) == 1


def test_version_and_change_log_must_agree(package, tmp_path):
    (package.source / "_version.py").write_text('__version__ = "0.3.0"\n')
    assert breaches_of(tmp_path) == [
        "fomm-one: version 0.3.0, but its change log begins with 0.2.0"
    ]


def test_a_version_that_cannot_be_read_is_a_breach(package, tmp_path):
    (package.source / "_version.py").write_text("")
    (breach,) = breaches_of(tmp_path)
    assert "expected a line __version__" in breach


def test_change_logs_are_wrapped(package, tmp_path):
    path = package.folder / "CHANGELOG.md"
    uneven = "# Changes\n\nThe newest\nfirst.\n\n## 0.2.0\n\n- One\n  two.\n- Three.\n"
    path.write_text(uneven)
    assert breaches_of(tmp_path) == [
        f"{path}: expected lines filled up to 100 columns; run tools/wrap_changes.py"
    ]
    even = "# Changes\n\nThe newest first.\n\n## 0.2.0\n\n- One two.\n- Three.\n"
    assert wrap_changes.wrapped(uneven) == even
    path.write_text(even)
    assert breaches_of(tmp_path) == []


def test_wrapping_changes_no_word_and_is_done_once():
    words = [f"`--option-{number}`" for number in range(60)]
    text = f"# Changes\n\n- {' '.join(words)}\n- Last.\n"
    done = wrap_changes.wrapped(text)
    assert done.split() == text.split()
    assert 90 < max(map(len, done.splitlines())) <= wrap_changes.COLUMNS
    assert done.count("\n- ") == text.count("\n- ")
    assert wrap_changes.wrapped(done) == done
