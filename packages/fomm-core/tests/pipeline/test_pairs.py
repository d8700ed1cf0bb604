from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fomm_core.errors import ConfigError, MediaError
from fomm_core.pipeline.pairs import configured_list, read_pairs, require_files


@pytest.fixture
def write(tmp_path):
    """Writes a list of pairs."""

    def put(text: str | bytes):
        path = tmp_path / "list.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return put


def named(pairs):
    return [(pair.line, pair.source.name, pair.driving.name, pair.output) for pair in pairs]


@pytest.mark.parametrize(
    "text",
    [
        "a.png,b.mp4\nc.png,d.mp4,e.gif\n",
        "source,driving,output\na.png,b.mp4,\nc.png,d.mp4,e.gif",
        "Output , DRIVING,Source\n,b.mp4,a.png\ne.gif,d.mp4,c.png\n",
        "\ufeffdistance,source,driving,frame,output\r\n"
        ".5,a.png,b.mp4,7\r\n\r\n1,c.png,d.mp4,9,e.gif",
        '"a.png","b.mp4"\n , ,\n"c.png",d.mp4,"e.gif"\n',
    ],
)
def test_lists_with_and_without_header(write, text):
    found = named(read_pairs(write(text)))
    assert [pair[1:] for pair in found] == [("a.png", "b.mp4", ""), ("c.png", "d.mp4", "e.gif")]


def test_lines_are_counted_as_an_editor_does(write):
    assert [pair.line for pair in read_pairs(write("source,driving\n\na,b\n\n\nc,d"))] == [3, 6]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected lines source,driving"),
        ("source,driving\n", "expected lines source,driving"),
        ("a,b\nonly.png\n", "line 2: expected source,driving.*found 'only.png'"),
        ("a,b\n,b\n", "line 2: expected source,driving"),
        ("a;b\n", "line 1: expected source,driving.*found 'a;b'"),
        ("a,b,c,d\n", "line 1: expected source,driving"),
        ('a,b\n"a,b\n', "line 2: unexpected end of data"),
        ('a,b\n"a"x,b\n', "line 2: ',' expected"),
        (b"a,b\n\xff\xfe,b\n", "line 2: expected UTF-8"),
        ("a,b\na\0,b\n", "line 2"),
    ],
)
def test_bad_lists_are_told_by_their_line(write, text, reason):
    with pytest.raises(MediaError, match=reason) as caught:
        read_pairs(write(text))
    assert "list.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_that_is_not_there_is_told(tmp_path):
    with pytest.raises(MediaError, match=r"nowhere\.csv: cannot be read: No such file"):
        read_pairs(tmp_path / "nowhere.csv")
    with pytest.raises(MediaError, match="cannot be read: Is a directory"):
        read_pairs(tmp_path)


@given(text=st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_list_or_refused(tmp_path, text):
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8", errors="replace")
    refusal = ""
    try:
        assert read_pairs(path)
    except MediaError as error:
        refusal = str(error)
    assert refusal == "" or refusal.startswith(str(path))


def test_files_are_looked_for_beside_the_list_and_then_elsewhere(write, tmp_path):
    (tmp_path / "more").mkdir()
    for name in ("a.png", "more/a.png", "more/b.mp4"):
        (tmp_path / name).touch()
    (pair,) = read_pairs(write("a.png,b.mp4"), [tmp_path / "more"])
    assert (pair.source, pair.driving) == (tmp_path / "a.png", tmp_path / "more" / "b.mp4")
    (pair,) = read_pairs(write(f"{tmp_path}/more/a.png,nowhere.mp4"), [tmp_path / "more"])
    assert (pair.source, pair.driving) == (tmp_path / "more" / "a.png", tmp_path / "nowhere.mp4")
    with pytest.raises(MediaError, match=r"list.csv, line 1: expected a file.*nowhere.mp4"):
        require_files(tmp_path / "list.csv", [pair])


def test_a_configuration_may_name_the_list(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "list.csv").touch()
    config = tiny().model_copy(update={"animate_params": {"pairs_list": "list.csv"}})
    beside = tmp_path / "configs" / "config.yaml"
    assert configured_list(config, beside) == tmp_path / "configs" / "list.csv"
    (tmp_path / "list.csv").touch()
    assert configured_list(config, beside).resolve() == tmp_path / "list.csv"
    with pytest.raises(ConfigError, match="found neither"):
        configured_list(tiny(), beside)
