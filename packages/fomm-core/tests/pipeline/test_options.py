"""The one record of options: what it refuses, and that commands offer all of it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from fractions import Fraction
from pathlib import Path
from typing import get_args

import click
import numpy as np
import pytest
from click.testing import CliRunner

from fomm_core.cli import animate
from fomm_core.errors import FommError
from fomm_core.face.crop import Crop
from fomm_core.image import Fit
from fomm_core.motion.transfer import MotionMode
from fomm_core.pipeline.options import (
    AnimationOptions,
    CropMode,
    View,
    choices_of,
    option_names,
)

CHOICES = {"view": View, "motion": MotionMode, "fit": Fit, "crop": CropMode}

COMMAND_LINES = {
    "view": {
        "generated": ["--only-generated"],
        "default": [],
        "detailed": ["--detailed"],
        "full": ["--full"],
    },
    "png": {True: ["--output-png"]},
    "frame_rate": {Fraction(30000, 1001): ["--fps", "30000/1001"]},
    "audio": {False: ["--no-audio"]},
    "motion": {
        "relative": [],
        "relative-values": ["--unuse-relative-jacobian"],
        "absolute": ["--unuse-relative-movement"],
    },
    "adapt_scale": {True: ["--adapt-movement-scale"]},
    "fit": {choice: ["--fit", choice] for choice in get_args(Fit)},
    "crop": {choice: ["--crop", choice] for choice in get_args(CropMode)},
    "face": {
        "largest": [],
        "all": ["--face", "all"],
        3: ["--face", "3"],
    },
    "square": {None: [], Crop(12, -3, 40): ["--square", "12,-3,40"]},
    "paste_back": {None: [], True: ["--paste-back"], False: ["--no-paste-back"]},
    "size": {None: [], 512: ["--size", "512"]},
    "detail": {True: [], False: ["--no-detail"]},
    "find_best_frame": {True: ["--find-best-frame"]},
    "smooth": {True: ["--smooth"]},
    "start": {0.5: ["--start", "0.5"]},
    "end": {0.5: ["--end", "0.5"]},
    "keep_going": {True: ["--keep-going"]},
    "metadata": {False: ["--no-metadata"]},
    "save_motion": {"m.npz": ["--save-motion", "m.npz"]},
    "spared": {("model.h5",): []},
}
"""By option and value, what gives it on the command line."""


@pytest.fixture
def options_of(monkeypatch, tmp_path):
    """Runs ``fomm animate`` up to where it would animate; gives its record of options."""
    parameters = tmp_path / "model.h5"
    parameters.touch()

    def run(*words: str) -> AnimationOptions:
        given = []

        def keep(source, driving, output, options, **others):
            given.append(options)
            raise FommError("enough")

        monkeypatch.setattr("fomm_core.pipeline.run.animate_file", keep)
        done = CliRunner().invoke(animate.command, ("--model", "avatar", *words))
        assert isinstance(done.exception, FommError), done.output
        return given[0]

    return run


def plain(value: object) -> object:
    """A value with files by their names alone."""
    if isinstance(value, tuple):
        return tuple(path.name.replace("params", "model") for path in value)
    return value.name if hasattr(value, "name") else value


def test_every_option_has_a_command_line():
    assert set(COMMAND_LINES) == set(option_names())
    for name in option_names():
        assert set(COMMAND_LINES[name]) >= set(choices_of(name))


@pytest.mark.once
@pytest.mark.parametrize("name", option_names())
def test_every_value_is_reached_from_the_command_line(options_of, name):
    for value, words in COMMAND_LINES[name].items():
        assert plain(getattr(options_of(*words), name)) == value


def test_without_options_the_command_has_the_defaults_of_the_record(options_of):
    found = options_of()
    for name in set(option_names()) - {"spared"}:
        assert getattr(found, name) == getattr(AnimationOptions, name), name


@pytest.mark.parametrize("name", CHOICES)
def test_the_choices_are_those_of_the_types(name):
    assert choices_of(name) == get_args(CHOICES[name])
    for parameter in animate.command.params:
        if parameter.name == name:
            assert isinstance(parameter.type, click.Choice)
            assert tuple(parameter.type.choices) == choices_of(name)


@pytest.mark.parametrize("name", sorted(set(option_names()) - set(CHOICES)))
def test_others_are_no_choices(name):
    assert choices_of(name) == ()


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("value", ["sideways", "", None, ["crop"]])
def test_what_is_none_of_the_choices_is_refused_in_one_line(name, value):
    with pytest.raises(FommError, match=rf"^{name}: expected one of {choices_of(name)[0]}, ") as e:
        AnimationOptions(**{name: value})
    assert str(e.value).endswith(f"found {value!r}")


@pytest.mark.parametrize("face", ["all", 1])
def test_faces_are_chosen_where_they_are_looked_for(face):
    with pytest.raises(FommError, match=r"^expected either square or face, found both$"):
        AnimationOptions(face=face, square=Crop(0, 0, 64))
    with pytest.raises(FommError, match=r"^face: expected faces .*, found crop off$"):
        AnimationOptions(face=face, crop="off")


@pytest.mark.parametrize("rate", [Fraction(0), Fraction(-1), 25.0, "25", 0])
def test_a_frame_rate_is_a_fraction_above_0(rate):
    with pytest.raises(FommError, match=r"^frame_rate: expected a fraction above 0.*, found "):
        AnimationOptions(frame_rate=rate)


@pytest.mark.parametrize("face", ["tallest", 0, -1, True, None, 1.5])
def test_a_choice_of_faces_is_a_word_or_a_number(face):
    with pytest.raises(FommError, match=r"^face: expected largest, all or a number from 1, found"):
        AnimationOptions(face=face)


@pytest.mark.parametrize("size", [0, -5, 63, 4097, True, 512.0, "512"])
def test_a_size_is_a_height_within_limits(size):
    with pytest.raises(FommError, match=r"^size: expected 64 to 4096 pixels, found "):
        AnimationOptions(size=size)


@pytest.mark.parametrize(
    ("names", "values", "expected"),
    [
        (
            ["png", "audio", "adapt_scale", "detail", "smooth", "keep_going", "metadata"],
            ["yes", 1, None],
            "True or False",
        ),
        (["paste_back"], ["auto", 0], "True, False or None"),
        (["start", "end"], ["1", -0.5, float("nan"), float("inf"), True], "seconds, 0 or more"),
        (["square"], [(0, 0, 64), "0,0,64"], "a Crop"),
        (["save_motion"], [7, b"m.npz", True], "a path"),
        (["spared"], [Path("m.h5"), ["m.h5"], ("m.h5",)], "a tuple of paths"),
    ],
)
def test_values_of_another_type_are_refused_in_one_line(names, values, expected):
    for name in names:
        for value in values:
            with pytest.raises(FommError) as caught:
                AnimationOptions(**{name: value})
            assert str(caught.value) == f"{name}: expected {expected}, found {value!r}"


def test_every_option_is_checked():
    class Other:
        pass

    for name in option_names():
        with pytest.raises(FommError, match=f"^{name}: expected "):
            AnimationOptions(**{name: Other()})


@pytest.mark.parametrize("square", [(0, 0, 0), (0, 0, -64), (float("nan"), 0, 64), ("0", 0, 64)])
def test_a_square_has_finite_numbers_and_a_side(square):
    with pytest.raises(FommError, match=r"^square: expected finite numbers, side 1 or more, found"):
        AnimationOptions(square=Crop(*square))


def test_times_may_be_any_numbers():
    for time in (0, 0.5, Fraction(1, 2), np.float32(0.5), np.int64(2)):
        assert AnimationOptions(start=time).start == time


@pytest.mark.parametrize("view", ["detailed", "full"])
def test_a_size_is_that_of_one_picture(view):
    with pytest.raises(FommError, match=f"size: expected a view of one picture, found {view}"):
        AnimationOptions(size=512, view=view)


def test_options_do_not_change():
    with pytest.raises(FrozenInstanceError):
        AnimationOptions().smooth = True  # type: ignore[misc]
