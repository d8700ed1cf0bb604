from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from fomm_core.errors import ConfigError, EngineError, ModelError
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.heads.casting import draw_identity
from fomm_train.synthetic.heads.gl import context
from fomm_train.synthetic.heads.identity import Glasses, Hat
from fomm_train.synthetic.heads.labels import Label
from fomm_train.synthetic.heads.motion import draw_motion
from fomm_train.synthetic.heads.pose import NEUTRAL
from fomm_train.synthetic.heads.renderer import Renderer

SIZE = 64
PEOPLE = [draw_identity(0, Split.TRAIN, number) for number in range(3)]
MOVED = replace(NEUTRAL, yaw=0.5, roll=-0.2, x=0.1)


@pytest.fixture(scope="module")
def renderer(assets_file, egl) -> Renderer:
    return Renderer(assets_file, SIZE, keep=2)


def test_frames_have_the_form_promised(renderer):
    frame = renderer.render(PEOPLE[0], NEUTRAL)
    labels = renderer.labels(PEOPLE[0], NEUTRAL)
    keypoints = renderer.keypoints(PEOPLE[0], NEUTRAL)
    assert frame.shape == (SIZE, SIZE, 3)
    assert frame.dtype == labels.dtype == np.uint8
    assert labels.shape == (SIZE, SIZE)
    assert keypoints.value.shape == (20, 2)
    assert keypoints.jacobian.shape == (20, 2, 2)
    assert frame.std() > 15


@pytest.mark.once
def test_equal_arguments_give_equal_frames_whatever_was_shown_before(renderer, assets_file):
    pair = PEOPLE[:2]
    first = [renderer.render(who, MOVED) for who in (*PEOPLE, *pair)]
    again = Renderer(assets_file, SIZE, keep=1)
    for number in (1, 0):
        np.testing.assert_array_equal(first[number], first[number + 3])
        np.testing.assert_array_equal(first[number], again.render(pair[number], MOVED))


@pytest.mark.once
def test_labels_show_a_person_before_a_background(renderer):
    for who in PEOPLE[:2]:
        labels = renderer.labels(who, NEUTRAL)
        found = {Label(number) for number in np.unique(labels)}
        assert {Label.BACKGROUND, Label.SKIN, Label.CLOTHES, Label.EYES} <= found
        assert 0.2 < (labels != Label.BACKGROUND).mean() < 0.95
        assert labels[0, 0] == Label.BACKGROUND


@pytest.mark.once
def test_keypoints_lie_where_the_labels_show_their_parts(renderer):
    who = replace(PEOPLE[0], glasses=None, hat=None, hair=replace(PEOPLE[0].hair, style="bald"))
    for pose in (NEUTRAL, replace(NEUTRAL, yaw=0.3, x=-0.1)):
        labels, value = renderer.labels(who, pose), renderer.keypoints(who, pose).value
        places = np.round((value + 1) / 2 * (SIZE - 1)).astype(int)
        for iris in (4, 5):
            x, y = places[iris]
            assert labels[y, x] == Label.EYES
        x, y = places[8]  # the tip of the nose
        assert labels[y, x] == Label.SKIN


@pytest.mark.once
def test_a_smaller_frame_shows_the_same(renderer, assets_file):
    small = Renderer(assets_file, SIZE // 2)
    large = renderer.render(PEOPLE[1], MOVED).reshape(SIZE // 2, 2, SIZE // 2, 2, 3)
    difference = np.abs(large.mean(axis=(1, 3)) - small.render(PEOPLE[1], MOVED))
    assert difference.mean() < 20
    np.testing.assert_allclose(
        small.keypoints(PEOPLE[1], MOVED).jacobian,
        renderer.keypoints(PEOPLE[1], MOVED).jacobian,
        rtol=0.05,
    )


@pytest.mark.once
@pytest.mark.parametrize(
    "changes",
    [
        {"hat": style, "hair": hair, "clothes": clothes, "glasses": glasses}
        for style, hair, clothes, glasses in (
            ("beanie", "long", "crew", "full"),
            ("cap", "afro", "suit", "half"),
            ("hijab", "pony", "hoodie", "sun"),
            ("band", "bun", "turtle", "thin"),
            ("fedora", "mesh", "shirt", "full"),
        )
    ],
)
def test_all_that_people_wear_can_be_rendered(renderer, changes):
    who = PEOPLE[2]
    dressed = replace(
        who,
        hat=Hat(changes["hat"], (0.5, 0.1, 0.1), (0.1, 0.1, 0.5), 1),
        hair=replace(who.hair, style=changes["hair"]),
        clothes=replace(who.clothes, style=changes["clothes"], pattern=2),
        glasses=Glasses(changes["glasses"], (0.05, 0.05, 0.05), 1.0, 1.0, 2.4),
    )
    assert renderer.render(dressed, MOVED).std() > 10
    plain = replace(dressed, hat=None, glasses=None)
    assert (renderer.labels(dressed, NEUTRAL) != renderer.labels(plain, NEUTRAL)).any()


@pytest.mark.once
def test_motions_move_the_picture(renderer):
    motion = draw_motion(0, Split.TRAIN, 0, 16)
    first, last = (renderer.render(PEOPLE[0], motion[frame]) for frame in (0, 15))
    assert np.abs(first.astype(int) - last).mean() > 1


def test_without_assets_one_line_says_what_to_do(tmp_path):
    with pytest.raises(ModelError, match="found no file; build them with fomm heads --build"):
        Renderer(tmp_path / "none.npz", SIZE)


def test_another_file_is_no_assets(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, V=np.zeros(3))
    with pytest.raises(ModelError, match="expected the assets of rendered people, found another"):
        Renderer(path, SIZE)


def test_too_small_frames_are_refused(assets_file):
    with pytest.raises(ConfigError, match="32 pixels or more, found 16"):
        Renderer(assets_file, 16)


def test_without_moderngl_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "moderngl", None)
    with pytest.raises(EngineError, match=r"pip install 'fomm-train\[heads\]'"):
        context.open_graphics()
