from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fomm_core.engine.base import Diagnostics
from fomm_core.motion.keypoints import Keypoints
from fomm_core.visualize import SheetFrame, SheetRenderer, SheetStyle, keypoint_colors

pytestmark = pytest.mark.once

SIZE = (32, 48)
KINDS = ("default", "detailed", "full")


def image(shade: int) -> np.ndarray:
    return np.full((*SIZE, 3), (shade, 90, 200), np.uint8)


def keypoints(seed: int, count: int = 4) -> Keypoints:
    return Keypoints(np.random.default_rng(seed).uniform(-0.7, 0.7, (count, 2)))


def diagnostics(count: int = 4, occlusion: bool = True) -> Diagnostics:
    rng = np.random.default_rng(9)
    mask = rng.random((count + 1, 8, 12), np.float32)
    return Diagnostics(
        deformed=rng.random((3, *SIZE), np.float32),
        occlusion_map=rng.random((1, 8, 12), np.float32) if occlusion else None,
        mask=mask / mask.sum(axis=0),
        sparse_deformed=rng.random((count + 1, 3, 8, 12), np.float32),
        deformation=rng.uniform(-1, 1, (8, 12, 2)).astype(np.float32),
    )


def frame(count: int = 4, **changes: object) -> SheetFrame:
    content = {
        "generated": image(130),
        "driving": image(120),
        "kp_driving": keypoints(1, count),
        "kp_generated": keypoints(2, count),
        "diagnostics": diagnostics(count),
    }
    return SheetFrame(**{**content, **changes})


def renderer(kind: str, count: int = 4, **style: object) -> SheetRenderer:
    return SheetRenderer(kind, image(110), keypoints(0, count), SheetStyle(**style))


def pixels_of(sheet: np.ndarray, shade: int) -> int:
    return int((sheet == (shade, 90, 200)).all(axis=2).sum())


def panel_area() -> int:
    return SIZE[0] * SIZE[1]


def test_the_default_sheet_shows_the_three_images_untouched():
    sheet = renderer("default").render(frame(diagnostics=None))
    assert [pixels_of(sheet, shade) for shade in (110, 120, 130)] == [panel_area()] * 3
    columns = [np.argwhere((sheet == (shade, 90, 200)).all(axis=2))[0, 1] for shade in (110, 120)]
    assert columns[0] < columns[1]


def test_the_detailed_sheet_draws_keypoints_on_three_of_them():
    sheet = renderer("detailed").render(frame())
    for shade, whole in ((110, 0), (120, 0), (130, 1)):
        area = pixels_of(sheet, shade) - whole * panel_area()
        assert 0.5 * panel_area() < area < panel_area()


@pytest.mark.parametrize("kind", ["detailed", "full"])
def test_the_whole_picture_comes_first(kind):
    content = image(110), keypoints(0)
    plain, wider = (
        SheetRenderer(kind, *content, overview=overview).render(frame())
        for overview in (None, image(150))
    )
    assert pixels_of(plain, 150) == 0
    assert pixels_of(wider, 150) == panel_area()
    assert np.argwhere((wider == (150, 90, 200)).all(axis=2))[0, 1] <= 1
    assert wider.shape[1] > plain.shape[1]


def test_every_keypoint_has_its_colour_in_the_detailed_sheet():
    sheet = renderer("detailed", kp_size=40, colormap="viridis").render(frame())
    for color in np.rint(keypoint_colors(4, "viridis")):
        assert (sheet == color).all(axis=2).sum() >= 3


def test_the_deformed_source_is_shown_as_it_is():
    deformed = np.zeros((3, *SIZE), np.float32)
    deformed[0] = 0.999
    maps = diagnostics()
    shown = replace(maps, deformed=deformed)
    sheet = renderer("detailed").render(frame(diagnostics=shown))
    assert (sheet == (254, 0, 0)).all(axis=2).sum() == panel_area()


def test_the_full_sheet_shows_each_mask_in_its_colour():
    maps = diagnostics()
    for plane, color in enumerate([(235, 235, 235), *np.rint(keypoint_colors(4))]):
        mask = np.zeros_like(maps.mask)
        mask[plane] = 1
        only = replace(maps, mask=mask)
        sheet = renderer("full").render(frame(diagnostics=only)).astype(int)
        near = (np.abs(sheet - np.asarray(color)) <= 1).all(axis=2)
        assert near.sum() >= panel_area()


def test_without_an_occlusion_map_its_panel_is_missing():
    sheet = renderer("detailed").render(frame())
    without = renderer("detailed").render(frame(diagnostics=diagnostics(occlusion=False)))
    assert sheet.shape[0] == without.shape[0]
    assert sheet.shape[1] - without.shape[1] == pytest.approx(SIZE[1], abs=2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_motion_template_shows_its_keypoints_on_a_dark_ground(kind):
    sheet = renderer(kind).render(frame(driving=None))
    assert sheet.shape == renderer(kind).render(frame()).shape
    assert pixels_of(sheet, 120) == 0
    moved = renderer(kind).render(frame(driving=None, kp_driving=keypoints(5)))
    assert (moved != sheet).any()


@pytest.mark.parametrize("kind", KINDS)
def test_sheets_are_even_and_of_constant_size(kind):
    prepared = renderer(kind)
    first, second = prepared.render(frame()), prepared.render(frame(generated=image(7)))
    assert first.shape == second.shape
    assert first.dtype == np.uint8
    assert first.shape[0] % 2 == first.shape[1] % 2 == 0
    np.testing.assert_array_equal(prepared.render(frame()), first)


@pytest.mark.parametrize("count", [1, 2, 10, 15, 40])
def test_the_full_sheet_has_a_place_for_each_of_any_number_of_keypoints(count):
    maps = diagnostics(count)
    shade = np.float32(0.5)
    warped = np.full_like(maps.sparse_deformed, shade)
    flat = replace(maps, mask=maps.mask * 0, sparse_deformed=warped)
    sheet = renderer("full", count).render(frame(count, diagnostics=flat))
    assert (sheet == 127).all(axis=2).sum() >= (count + 1) * panel_area()
    assert sheet.shape[1] <= 8 * (SIZE[1] + 2) + 2


@pytest.mark.parametrize("kind", ["detailed", "full"])
def test_sheets_with_inner_maps_need_diagnostics(kind):
    with pytest.raises(ValueError, match=f"{kind} sheet: expected a frame with diagnostics"):
        renderer(kind).render(frame(diagnostics=None))


def test_images_of_another_size_are_refused():
    with pytest.raises(ValueError, match="panel: expected"):
        renderer("default").render(frame(driving=np.zeros((8, 8, 3), np.uint8)))


def test_borders_can_be_left_out():
    with_border = renderer("default").render(frame())
    without = renderer("default", border=False).render(frame())
    assert without.shape[1] == 3 * SIZE[1] < with_border.shape[1]
