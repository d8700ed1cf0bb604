"""Framing by keypoints: the square fits them, unless they lead away from the face."""

from __future__ import annotations

import numpy as np
import pytest

from fomm_core.errors import ModelError
from fomm_core.face.crop import Crop, frame_face
from fomm_core.face.detector import FaceBox
from fomm_core.face.framer import FaceFramer
from fomm_core.face.search import find_faces
from fomm_core.face.yunet import open_detector
from fomm_core.image import fit, read_image
from fomm_core.loading import load_model
from fomm_core.model.finding import find_model
from fomm_core.model.framing import Framing, KeypointFraming
from fomm_core.model.samples import SAMPLE_PICTURES
from fomm_core.motion.keypoints import Keypoints

BOX = FaceBox(60, 70, 30, 40, 0.9)
USUAL = Framing(side=2.0, keypoints=KeypointFraming(centre_x=0.1, centre_y=-0.1, spread=0.4))


def bright_corners(image: np.ndarray) -> Keypoints:
    """Keypoints at the bright pixels of an image."""
    height, width = image.shape[1:]
    y, x = np.nonzero(image.mean(axis=0) > 0.5)
    return Keypoints(np.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], axis=1))


def picture_of(centre: tuple[int, int], radius: int) -> np.ndarray:
    picture = np.zeros((200, 200, 3), np.uint8)
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        x, y = centre[0] + dx * radius, centre[1] + dy * radius
        picture[y - 1 : y + 2, x - 1 : x + 2] = 255
    return picture


@pytest.mark.parametrize(("centre", "radius"), [((75, 90), 16), ((78, 86), 18), ((70, 94), 14)])
def test_the_square_fits_the_keypoints(centre, radius):
    framer = FaceFramer(lambda picture: [], USUAL, bright_corners, (128, 128))
    crop = frame_face(BOX, framer.framing_of(picture_of(centre, radius), BOX))
    side = 2 * radius / 0.4
    assert crop.side == pytest.approx(side, rel=0.05)
    wanted = centre[0] - 0.1 * side / 2, centre[1] + 0.1 * side / 2
    assert crop.centre == pytest.approx(wanted, abs=2)


@pytest.mark.parametrize(("centre", "radius"), [((120, 90), 16), ((75, 90), 38), ((75, 90), 4)])
def test_keypoints_that_lead_away_are_not_believed(centre, radius):
    framer = FaceFramer(lambda picture: [], USUAL, bright_corners, (128, 128))
    assert framer.framing_of(picture_of(centre, radius), BOX) == USUAL


def test_keypoints_that_are_nan_are_not_believed():
    def detect(image: np.ndarray) -> Keypoints:
        return Keypoints(np.full((4, 2), np.nan))

    framer = FaceFramer(lambda picture: [], USUAL, detect, (64, 64))
    assert framer.framing_of(picture_of((75, 90), 16), BOX) == USUAL


def test_weights_tell_centre_and_spread():
    usual = KeypointFraming(spread=0.5, weights=[[1.0, 0, 0, 1, -1, 0], [0, 0, 0, 0, 1, 0.0]])
    framing = Framing(side=2.0, keypoints=usual)
    value = np.array([[0.0, 0.0], [0.5, 0.0]], np.float32)
    framer = FaceFramer(lambda picture: [], framing, lambda image: Keypoints(value), (64, 64))
    assert framer.framing_of(picture_of((75, 90), 16), BOX) == framing


def test_weights_of_another_number_of_keypoints_are_refused():
    usual = KeypointFraming(spread=0.5, weights=[[1, 0, 0, 1, -1, 0]])
    framer = FaceFramer(
        lambda picture: [], Framing(side=2.0, keypoints=usual), bright_corners, (128, 128)
    )
    with pytest.raises(ModelError, match=r"expected weights of \d+ keypoints, found 1; mend"):
        framer.framing_of(picture_of((75, 90), 16), BOX)


def test_the_weights_of_face_follow_a_shift():
    """Keypoints that move as one move the centre as far, and leave the spread."""
    card = find_model("face").framing
    assert card is not None
    weights = np.array(card.keypoints.weights).reshape(-1, 3, 2)
    x, y, spread = weights.sum(axis=0)
    np.testing.assert_allclose(x, (1, 0), atol=0.02)
    np.testing.assert_allclose(y, (0, 1), atol=0.02)
    np.testing.assert_allclose(spread, (0, 0), atol=0.02)


def test_rendered_people_in_a_large_picture_are_framed_within_5_percent(group):
    true = Crop(620, 410, 300)
    with load_model("face") as model:
        framer = FaceFramer(open_detector(), model.framing, model.engine.detect, model.frame_size)
        for name in ("man_stubble", "woman_headscarf", "man_in_suit"):
            picture = group()
            picture[410:710, 620:920] = fit(read_image(SAMPLE_PICTURES[name]), (300, 300))
            (box,) = find_faces(framer.detector, picture).boxes
            crop = frame_face(box, framer.framing_of(picture, box))
            assert crop.side == pytest.approx(300, rel=0.05)
            assert crop.centre == pytest.approx(true.centre, abs=0.05 * 300)
