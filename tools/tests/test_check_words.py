from __future__ import annotations

from pathlib import Path

import pytest

from check_words import check_words, invented_words, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("FakeShelf", ["fake", "shelf"]),
        ("_last_words", ["last", "words"]),
        ("ONNXGraph", ["onnx", "graph"]),
        ("MAX_SIZE", ["max", "size"]),
        ("vgg19", ["vgg"]),
    ],
)
def test_names_are_split_into_words(name, words):
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("FakeShelf", ["shelf"]),
        ("last_words", ["last_words"]),
        ("lastWords", ["last_words"]),
        ("bookshelf", []),
        ("last_words_count", ["last_words"]),
        ("words_last", []),
    ],
)
def test_invented_words_are_found_whole(name, found):
    assert list(invented_words(name)) == found


@pytest.fixture
def check(tmp_path):
    def run(text, name="stage.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        return [breach.partition(":")[2] for breach in check_words(tmp_path, Path(name))]

    return run


@pytest.mark.parametrize(
    "text",
    ["studio = 1", "def studio(): ...", "class Studio: ...", "x.studio = 1", "def f(studio): ..."],
)
def test_every_kind_of_name_is_looked_at(check, text):
    (breach,) = check(f"{text}\n")
    assert breach.startswith("1: ")
    assert breach.endswith("expected the field's word AnimationService, found studio")


def test_modules_have_names_too(check):
    assert len(check("", "studio.py")) == 1


def test_uses_and_sentences_are_free(check):
    assert check('"""A studio."""\nx = other.studio + studio(studio=1)\n') == []


def test_docstrings_begin_with_no_question(check):
    text = '"""What it is."""\ndef f():\n    """\n    How it goes."""\ndef g():\n    """Go."""\n'
    assert check(text) == [
        "1: docstring: expected a verb or a noun first, found What",
        "2: docstring: expected a verb or a noun first, found How",
    ]


@pytest.mark.parametrize("text", ['"""Whatever."""', '"""However."""', "", "'''Where'''[0]"])
def test_other_beginnings_are_free(check, text):
    assert check(text) == []


@pytest.mark.parametrize("name", ["tests/test_it.py", "notes.md"])
def test_tests_and_texts_are_free(check, name):
    assert check('"""What."""\nstudio = 1\n', name) == []
