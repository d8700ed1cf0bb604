"""Pictures: reading, fitting to the model's size, and the two forms a frame has.

Outside the engines a frame is (H, W, 3) uint8 RGB, inside it is (3, H, W) float32 in [0, 1].
"""

from fomm_core.image.arrays import ByteArray, to_network, to_uint8
from fomm_core.image.moments import count_moments, moment_lengths, read_moments
from fomm_core.image.opening import MAX_PIXELS, PICTURE_SUFFIXES
from fomm_core.image.reading import picture_size, read_image, to_rgb
from fomm_core.image.resampling import Fit, fit, resample
from fomm_core.image.writing import save_png, write_image

__all__ = [
    "MAX_PIXELS",
    "PICTURE_SUFFIXES",
    "ByteArray",
    "Fit",
    "count_moments",
    "fit",
    "moment_lengths",
    "picture_size",
    "read_image",
    "read_moments",
    "resample",
    "save_png",
    "to_network",
    "to_rgb",
    "to_uint8",
    "write_image",
]
