import numpy as np
import pytest
from PIL import Image

from fomm_core.colour import standards
from fomm_core.colour.conversion import Conversion, conversion_of, on_white, tone_map

pytestmark = pytest.mark.once

WHITE = 65280
SRGB, P3 = 13, 12


def grey(signal):
    """One row of grey levels, signal in [0, 1]."""
    return np.broadcast_to(
        np.round(np.array(signal) * WHITE).astype(np.uint16), (3, 1, len(signal))
    )


@pytest.mark.parametrize("transfer", [1, 2, 6, 7, 14, 15, SRGB])
def test_what_is_shown_as_it_is_needs_no_conversion(transfer):
    for primaries in (standards.BT709, standards.UNSPECIFIED):
        assert conversion_of(1, primaries, transfer, WHITE) is None
    assert conversion_of(1, P3, transfer, WHITE) is not None


def test_unspecified_primaries_follow_curve_and_matrix():
    unspecified = standards.UNSPECIFIED
    for matrix, transfer in ((unspecified, standards.PQ), (standards.BT2020, unspecified)):
        found = conversion_of(matrix, unspecified, transfer, WHITE)
        assert found is conversion_of(matrix, standards.BT2020, transfer, WHITE)
        assert found is not None


@pytest.mark.parametrize("primaries", [4, 5, 6, 7, 8, 9, 11, 12, 22])
def test_white_and_grey_stay_so_in_all_primaries(primaries):
    levels = np.linspace(0, 1, 256)

    frame = Conversion(primaries, 1, WHITE)(grey(levels))

    assert (frame == frame[:, :, :1]).all()
    assert np.abs(frame[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_the_matrix_of_bt2020_is_that_of_bt2087():
    expected = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]

    np.testing.assert_allclose(standards.to_bt709(standards.BT2020), expected, atol=2e-4)


def test_reference_white_and_peak_of_hdr_signals():
    pq, hlg = (standards.to_light(code) for code in (standards.PQ, standards.HLG))

    # BT.2408: white is at 58 % of PQ and at 75 % of HLG; 1000 cd/m2 at 75 % and 100 %.
    np.testing.assert_allclose(pq(np.array([0.5807, 0.7518])) * 203, [203, 1000], rtol=2e-3)
    np.testing.assert_allclose(hlg(np.array([0.75, 1.0])) * 203, [203, 1000], rtol=5e-3)


def test_tone_mapping_begins_below_white_and_ends_at_the_peak():
    peak = standards.HDR_PEAK / standards.REFERENCE_WHITE
    light = np.float32([0, 0.2, 0.9, 0.95, 1, 2, peak, 49])

    mapped = tone_map(np.stack([light, light / 2, light / 4]))

    np.testing.assert_allclose(mapped[0, :3], light[:3], rtol=1e-6)
    assert (np.diff(mapped[0, :7]) > 0).all()
    np.testing.assert_allclose(mapped[0, 6:], 1, rtol=1e-5)
    np.testing.assert_allclose(mapped[1:], [mapped[0] / 2, mapped[0] / 4], rtol=1e-5)


def test_hdr_graphics_keep_their_values_below_white():
    signal = (np.linspace(0, 0.95, 100) ** 2.4) * 203 / 10000
    pq = (
        (0.8359375 + 18.8515625 * signal**0.1593017578125) / (1 + 18.6875 * signal**0.1593017578125)
    ) ** 78.84375

    frame = Conversion(standards.BT709, standards.PQ, WHITE)(grey(pq))

    assert np.abs(frame[0, :, 0] - np.linspace(0, 0.95, 100) * 255).max() <= 1


def test_any_size_is_converted():
    convert = Conversion(standards.BT2020, standards.HLG, WHITE)
    planes = np.random.default_rng(0).integers(0, WHITE, (3, 70, 1000), np.uint16)

    whole = convert(planes)

    np.testing.assert_array_equal(whole[69:, 998:], convert(planes[:, 69:, 998:]))
    assert convert(planes[:, :0]).shape == (0, 1000, 3)


def test_opacity_on_white_is_that_of_pillow():
    levels = np.arange(256, dtype=np.uint8)
    colour, opacity = np.meshgrid(levels, levels)
    rgba = np.stack([colour, colour, colour, opacity], axis=-1)
    white = Image.new("RGBA", (256, 256), (255, 255, 255, 255))

    expected = Image.alpha_composite(white, Image.fromarray(rgba)).convert("RGB")

    np.testing.assert_array_equal(on_white(rgba), np.asarray(expected))
