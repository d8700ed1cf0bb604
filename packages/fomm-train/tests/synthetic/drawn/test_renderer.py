from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from fomm_core.errors import ConfigError
from fomm_train.synthetic.drawn.casting import draw_identity
from fomm_train.synthetic.drawn.identity import (
    BACKGROUNDS,
    BEARDS,
    CLOTHES,
    FRINGES,
    GLASSES,
    HAIR_STYLES,
    HEADWEAR,
)
from fomm_train.synthetic.drawn.motion import draw_motion
from fomm_train.synthetic.drawn.pose import NEUTRAL, Pose
from fomm_train.synthetic.drawn.renderer import Renderer
from fomm_train.synthetic.draws import Split

HASHING = """
import hashlib
from fomm_train.synthetic.drawn.casting import draw_identity
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.drawn.motion import draw_motion
from fomm_train.synthetic.drawn.renderer import Renderer

digest = hashlib.sha256()
renderer = Renderer(64)
for number in range(12):
    motion = draw_motion(5, Split.TEST, number, 10)
    for frame in (0, 9):
        image = renderer.render(draw_identity(5, Split.TEST, number), motion[frame])
        digest.update(image.tobytes())
print(digest.hexdigest())
"""


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_equal_seeds_give_equal_pixels_in_another_process(hash_seed):
    digest = hashlib.sha256()
    for number in range(12):
        motion = draw_motion(5, Split.TEST, number, 10)
        for frame in (0, 9):
            # A renderer of its own for each frame: what is kept must not matter either.
            image = Renderer(64).render(draw_identity(5, Split.TEST, number), motion[frame])
            digest.update(image.tobytes())
    other = subprocess.run(
        [sys.executable, "-c", HASHING],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == digest.hexdigest()


def test_other_seeds_give_other_pixels():
    renderer = Renderer(32)
    first, second = (renderer.render(draw_identity(s, Split.TRAIN, 0), NEUTRAL) for s in (0, 1))
    assert np.abs(first.astype(int) - second).mean() > 10


@pytest.mark.parametrize("size", [16, 64, 100, 128, 300])
def test_frames_have_the_size_asked_for(size):
    image = Renderer(size).render(draw_identity(0, Split.TRAIN, 1), NEUTRAL)
    assert image.shape == (size, size, 3)
    assert image.dtype == np.uint8


def test_sizes_show_the_same_picture():
    identity, pose = draw_identity(0, Split.TRAIN, 2), Pose(yaw=0.4, roll=-0.2)
    large = Renderer(256).render(identity, pose).astype(float)
    small = Renderer(64).render(identity, pose).astype(float)
    shrunk = large.reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 5


def test_too_small_frames_are_refused():
    with pytest.raises(ConfigError, match="16 pixels or more, found 8"):
        Renderer(8)


def test_what_is_kept_does_not_change_the_pixels():
    renderer = Renderer(32, keep=1)
    first, second = (draw_identity(0, Split.TRAIN, number) for number in (0, 1))
    images = [renderer.render(identity, NEUTRAL) for identity in (first, second, first)]
    np.testing.assert_array_equal(images[0], images[2])


def test_a_renderer_is_sent_to_another_process_without_what_it_keeps():
    renderer = Renderer(32)
    image = renderer.render(draw_identity(0, Split.TRAIN, 0), NEUTRAL)
    sent = pickle.dumps(renderer)
    assert len(sent) < 500
    np.testing.assert_array_equal(
        pickle.loads(sent).render(draw_identity(0, Split.TRAIN, 0), NEUTRAL), image
    )


def test_every_style_is_drawn_and_can_be_painted():
    renderer = Renderer(16, keep=1)
    seen: set[tuple[str, str]] = set()
    for number in range(400):
        who = draw_identity(0, Split.TRAIN, number)
        parts = {
            "hair": who.hair.style,
            "fringe": who.hair.fringe,
            "clothes": who.clothes.style,
            "background": who.background.style,
            "beard": who.beard.style if who.beard else None,
            "glasses": who.glasses.style if who.glasses else None,
            "headwear": who.headwear.style if who.headwear else None,
        }
        new = {(kind, style) for kind, style in parts.items() if style} - seen
        seen |= new
        if new:
            assert renderer.render(who, Pose(yaw=-0.7, pitch=0.3, mouth_open=1.0)).std() > 5
    kinds = ("hair", "fringe", "clothes", "background", "beard", "glasses", "headwear")
    styles = (HAIR_STYLES, FRINGES, CLOTHES, BACKGROUNDS, BEARDS, GLASSES, HEADWEAR)
    expected = {(kind, s) for kind, names in zip(kinds, styles, strict=True) for s in names}
    assert seen == expected


@pytest.mark.parametrize("number", range(6))
def test_the_figure_hides_the_background_where_its_mask_says_so(number):
    renderer = Renderer(64)
    first, second = (draw_identity(3, Split.TEST, 2 * number + i) for i in range(2))
    moved = replace(first, background=second.background)
    pose = draw_motion(3, Split.TEST, number, 10)[7]
    frames = [renderer.render(identity, pose).astype(int) for identity in (first, moved)]
    mask = renderer.figure_mask(first, pose)
    assert mask.shape == (1, 64, 64)
    assert mask.dtype == np.float32
    covered, open_ = mask[0] == 1, mask[0] == 0
    assert 0.2 < covered.mean() < 0.9
    np.testing.assert_array_equal(frames[0][covered], frames[1][covered])
    background = renderer.render(first, replace(pose, x=50.0, y=50.0))
    np.testing.assert_array_equal(frames[0][open_], background[open_])
