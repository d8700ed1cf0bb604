"""Drawing camera, light and photography at random."""

from __future__ import annotations

import math

import numpy as np

from fomm_train.synthetic.draws import Draw
from fomm_train.synthetic.heads.colour import Array, colour
from fomm_train.synthetic.heads.identity import Camera, Lamp, Light, Photography

_WARMTH: Array = np.array([0.24, 0.0, -0.24])


def draw_camera(draw: Draw) -> Camera:
    """A camera, from close to far."""
    distance = math.exp(draw.uniform(math.log(48), math.log(150)))
    # A quarter of all heads touch the edges of the frame, as in many photographs.
    zoom = draw.uniform(1.28, 1.55) if draw.chance(0.25) else draw.uniform(1.0, 1.28)
    return Camera(distance, zoom, draw.uniform(0.2, 2.6))


def draw_light(draw: Draw) -> Light:
    """One to three lamps and the light of the surroundings."""
    fill, rim = draw.chance(0.75), draw.chance(0.5)
    count = 1 + fill + rim
    azimuth = math.radians(draw.choice((draw.uniform(-35, 35), draw.uniform(-80, 80))))
    elevation = math.radians(draw.uniform(5, 65))
    key = draw.uniform(0.5, 1.25)
    lamps = [_lamp(azimuth, elevation, _tint(draw) * key)]
    if count > 1:
        azimuth, elevation = (
            -azimuth + draw.uniform(-0.5, 0.5),
            math.radians(draw.uniform(-10, 45)),
        )
        lamps.append(_lamp(azimuth, elevation, _tint(draw) * key * draw.uniform(0.1, 0.55)))
    if count > 2:
        azimuth, elevation = math.pi * draw.uniform(0.7, 1.3), math.radians(draw.uniform(5, 50))
        lamps.append(_lamp(azimuth, elevation, _tint(draw) * draw.uniform(0.3, 1.4)))
    return _surroundings(draw, lamps)


def _surroundings(draw: Draw, lamps: list[Lamp]) -> Light:
    amount = draw.uniform(0.10, 0.42)
    top = _tint(draw) * amount
    bottom = _tint(draw) * amount * draw.uniform(0.25, 0.7)
    side, front = draw.uniform(-0.35, 0.35) * amount, draw.uniform(-0.05, 0.3) * amount
    ambient = (
        colour((top + bottom) / 2),
        (side, side, side),
        colour((top - bottom) / 2),
        (front, front, front),
    )
    return Light(tuple(lamps), ambient, draw.uniform(0.6, 3.2), draw.uniform(0.5, 1.0))


def _tint(draw: Draw) -> Array:
    """White light, warmer or colder."""
    tint: Array = 1.0 + _WARMTH * draw.uniform(-0.55, 0.75)
    return tint


def _lamp(azimuth: float, elevation: float, light: Array) -> Lamp:
    direction = (
        math.sin(azimuth) * math.cos(elevation),
        math.sin(elevation),
        math.cos(azimuth) * math.cos(elevation),
    )
    return Lamp(direction, colour(np.maximum(light, 0.0)))


def draw_photography(draw: Draw) -> Photography:
    """Some of what happens to pictures before anybody sees them."""
    gamma, contrast = draw.uniform(0.85, 1.2), draw.uniform(0.85, 1.2)
    cast = colour(1 + draw.stream.normal(size=3) * 0.035)
    brightness = draw.uniform(0.85, 1.12)
    saturation = draw.uniform(0.7, 1.1) if draw.chance(0.975) else 0.0
    blur = draw.uniform(0.0, 0.9) if draw.chance(0.7) else 0.0
    grain = draw.uniform(0, 4.0) if draw.chance(0.75) else draw.uniform(3, 8)
    grain_size = draw.uniform(0.3, 0.9)
    jpeg = int(draw.uniform(45, 96)) if draw.chance(0.7) else 0
    vignette = draw.uniform(0, 0.3) * draw.chance(0.4)
    resolution = draw.uniform(0.45, 0.8) if draw.chance(0.2) else 1.0
    return Photography(
        gamma, contrast, cast, brightness, saturation, blur, grain, grain_size, jpeg, vignette,
        resolution,
    )  # fmt: skip
