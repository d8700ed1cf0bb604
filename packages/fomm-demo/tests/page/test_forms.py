from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.errors import FommError
from fomm_core.face.crop import Crop
from fomm_core.pipeline.options import AnimationOptions
from fomm_demo.page.forms import Form, check_files, file_of, read_request
from fomm_demo.services.animation import AnimationRequest

FILE = {"path": "a.png", "meta": {"_type": "gradio.FileData"}}
VIDEO = {"path": "b.mp4", "meta": {"_type": "gradio.FileData"}}
OPTIONS = ["relative", True, False, True, "pad", "fast", "default", False, 1, 0, "2", "", True]


def test_a_form_becomes_a_request():
    options = AnimationOptions(
        adapt_scale=True,
        smooth=True,
        fit="pad",
        audio=False,
        view="default",
        start=1.0,
        face=2,
        paste_back=False,
    )

    assert read_request(Form(FILE, VIDEO, None, "avatar", *OPTIONS)) == AnimationRequest(
        Path("a.png"), Path("b.mp4"), None, "avatar", options, fast=True
    )


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (0, None, "choose a picture"),
        (1, None, "driving video or a saved motion"),
        (4, "sideways", "movement: expected one of"),
        (8, ["crop"], "fit: expected one of"),
        (12, "soon", "start: expected a number"),
        (13, float("nan"), "end: expected a number"),
        (13, True, "end: expected a number"),
        (14, "0", "face: expected largest, all, off or a number"),
        (14, 2, "face: expected largest, all, off or a number"),
        (15, "1,2", "square: expected left,top,side"),
        (15, {"path": "x"}, "square: expected left,top,side"),
        (0, {"path": ["a"]}, "cannot be used"),
        (0, {"path": "a\0b"}, "cannot be used"),
        (0, "/etc/passwd", "cannot be used"),
        (1, "/etc/passwd", "cannot be used"),
        (2, ["/etc/passwd"], "cannot be used"),
    ],
)
def test_what_is_missing_or_no_choice_is_said_in_plain_words(field, value, message):
    fields = [FILE, VIDEO, None, "avatar", *OPTIONS]
    fields[field] = value

    with pytest.raises(FommError, match=message):
        read_request(Form(*fields))


@pytest.mark.parametrize(
    ("view", "whole", "pasted"),
    [("generated", True, None), ("generated", False, False), ("default", True, False)],
)
def test_the_whole_picture_is_shown_alone(view, whole, pasted):
    form = Form(FILE, VIDEO, None, "avatar", *OPTIONS)._replace(view=view, paste_back=whole)
    assert read_request(form).options.paste_back is pasted


def test_faces_are_chosen_moved_or_left_aside():
    form = Form(FILE, VIDEO, None, "avatar", *OPTIONS)
    assert read_request(form._replace(face="all")).options.face == "all"
    assert read_request(form._replace(face="off")).options.crop == "off"
    moved = form._replace(face="largest", square="1,2,50")
    assert read_request(moved).options.square == Crop(1, 2, 50)
    assert read_request(moved._replace(face="square")).options.square == Crop(1, 2, 50)
    with pytest.raises(FommError, match="face: expected largest"):
        read_request(form._replace(face="square"))
    with pytest.raises(FommError, match="either square or face"):
        read_request(moved._replace(face="2"))


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@pytest.mark.once
@given(st.dictionaries(st.integers(0, 16), anything, min_size=1, max_size=5))
def test_no_form_at_all_breaks_the_reading(wrong):
    fields = [FILE, VIDEO, None, "avatar", *OPTIONS]
    for number, value in wrong.items():
        fields[number] = value
    with contextlib.suppress(FommError):  # and nothing else
        assert isinstance(read_request(Form(*fields)), AnimationRequest)


def test_files_are_found_however_deep_they_are():
    check_files([{"a": [FILE]}, VIDEO], lambda path: True)
    with pytest.raises(FommError, match="no longer there"):
        check_files([{"a": [[FILE]]}], lambda path: False)


@pytest.mark.parametrize("path", ["http://127.0.0.1/x", "file:///etc/passwd", "a\0b"])
def test_addresses_are_no_files(path):
    with pytest.raises(FommError):
        check_files([{"path": path}], lambda path: True)


def test_an_empty_component_has_no_file():
    assert file_of(None) is None
    assert file_of({"path": None, "url": "data:"}) is None
