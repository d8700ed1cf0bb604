from __future__ import annotations

import numpy as np

from fomm_train.config import RegionShares
from fomm_train.synthetic.heads.labels import LABEL_NAMES, Label, weigh_labels


def test_every_label_has_a_share():
    assert tuple(RegionShares.model_fields) == LABEL_NAMES


def test_regions_get_their_shares_and_a_border():
    labels = np.full((256, 256), Label.SKIN, np.uint8)
    labels[100:110, 50:60] = Label.EYES
    labels[80:85, 50:60] = Label.BROWS
    shares = RegionShares(brows=0.25)
    weights = weigh_labels(labels, shares)
    assert weights.shape == (1, 256, 256)
    expected = np.zeros((256, 256))
    expected[77:88, 47:63] = 0.25
    expected[97:113, 47:63] = 1
    np.testing.assert_array_equal(weights[0], expected)


def test_small_frames_have_a_small_border():
    labels = np.zeros((64, 64), np.uint8)
    labels[32, 32] = Label.MOUTH
    assert weigh_labels(labels, RegionShares()).sum() == 9
    assert weigh_labels(labels, RegionShares(mouth=0.0)).sum() == 0
