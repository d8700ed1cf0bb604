"""Motions: how an avatar moves from frame to frame, drawn at random.

Poses are held and left with the smooth time course of real movements (minimum jerk), over a
slow sway; nods, blinks and speech have the durations of real ones at 25 frames a second.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from fomm_core.utils.rng import make_rng
from fomm_train.synthetic.drawn.anatomy import Array
from fomm_train.synthetic.drawn.pose import (
    CHANNELS,
    MAX_PITCH,
    MAX_ROLL,
    MAX_SHIFT,
    MAX_YAW,
    MAX_ZOOM,
    NEUTRAL,
    Pose,
)
from fomm_train.synthetic.draws import Draw, Split
from fomm_train.synthetic.world import frames_by_expression

FRAME_RATE = 25

_BLINKS = (
    (0.7, 1.0, 0.5),
    (0.55, 1.0, 0.9, 0.4),
    (0.45, 0.95, 1.0, 0.7, 0.25),
    (0.35, 0.85, 1.0, 1.0, 0.6, 0.2),
)
_LIMITS = {
    "yaw": (-MAX_YAW, MAX_YAW),
    "pitch": (-MAX_PITCH, MAX_PITCH),
    "roll": (-MAX_ROLL, MAX_ROLL),
    "x": (-MAX_SHIFT, MAX_SHIFT),
    "y": (-MAX_SHIFT, MAX_SHIFT),
    "scale": (1.0 - MAX_ZOOM, 1.0 + MAX_ZOOM),
    "blink_left": (0.0, 1.0),
    "blink_right": (0.0, 1.0),
    "mouth_open": (0.0, 1.0),
    "mouth_width": (-1.0, 1.0),
    "smile": (-1.0, 1.0),
    "brow": (-1.0, 1.0),
}


@dataclass(frozen=True, eq=False)
class Motion:
    """A motion: one pose a frame.

    Attributes:
        track: (T, 12) float64, the numbers of each pose in the order of
            :data:`~fomm_train.synthetic.drawn.pose.CHANNELS`, within their ranges.
    """

    track: Array

    def __len__(self) -> int:
        """Number of frames T."""
        return len(self.track)

    def __getitem__(self, frame: int) -> Pose:
        return Pose(*self.track[frame].tolist())

    def __iter__(self) -> Iterator[Pose]:
        return (self[frame] for frame in range(len(self)))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The poses as arrays by name: ``poses`` (T, 12) and ``pose_names`` (12,)."""
        return {"poses": self.track, "pose_names": np.array(CHANNELS)}

    @cached_property
    def expressions(self) -> tuple[tuple[int, ...], ...]:
        """The frames with shut eyes and those with an open mouth, as far as there are any."""
        return frames_by_expression(self, (Pose.shuts_eyes, Pose.opens_mouth))


def draw_motion(seed: int, split: Split, number: int, frames: int) -> Motion:
    """Motion ``number`` of a part of the set; equal arguments give equal motions.

    Args:
        seed: of the set.
        split: its part.
        number: which motion, not negative.
        frames: its length T, at least 1.
    """
    draw = Draw(make_rng(seed, "avatar motion", int(split), number))
    channels = {name: np.full(frames, getattr(NEUTRAL, name)) for name in CHANNELS}
    _move_head(draw, channels, frames)
    _move_face(draw, channels, frames)
    if draw.chance(0.75):
        _speak(draw, channels, frames)
    if draw.chance(0.45):
        _exclaim(draw, channels, frames)
    _blink(draw, channels, frames)
    track = np.stack([np.clip(channels[name], *_LIMITS[name]) for name in CHANNELS], axis=1)
    return Motion(track)


def _ease(share: Array) -> Array:
    """The minimum-jerk course from 0 to 1."""
    s = np.clip(share, 0.0, 1.0)
    eased: Array = s**3 * (10.0 - 15.0 * s + 6.0 * s**2)
    return eased


def _move_head(draw: Draw, channels: dict[str, Array], frames: int) -> None:
    """Turn, nod, tilt and shift from one held pose to the next."""
    time = np.arange(float(frames))
    lively = draw.uniform(0.5, 1.15)
    start, pose = -draw.uniform(0.0, 20.0), _head_target(draw, lively)
    for name, value in pose.items():
        channels[name] += value
    while start < frames:
        begin = start + draw.uniform(3.0, 18.0)
        length = draw.uniform(7.0, 18.0)
        target = _head_target(draw, lively)
        for name, value in target.items():
            lag = draw.uniform(0.0, 3.0)
            channels[name] += (value - pose[name]) * _ease((time - begin - lag) / length)
        start, pose = begin + length, target
    for name, size in (("yaw", 0.03), ("pitch", 0.025), ("roll", 0.02), ("x", 0.008), ("y", 0.006)):
        phase, period = draw.uniform(0.0, math.tau), draw.uniform(40.0, 90.0)
        channels[name] += size * np.sin(phase + math.tau * time / period)
    for name in ("pitch", "yaw"):
        if draw.chance(0.3):
            channels[name] += _shake(draw, time)


def _head_target(draw: Draw, lively: float) -> dict[str, float]:
    """A pose to hold: mostly near the middle, sometimes anywhere in the range."""
    normal = draw.stream.normal(size=6) * lively
    yaw = draw.uniform(-MAX_YAW, MAX_YAW) if draw.chance(0.3) else 0.3 * float(normal[0])
    pitch = draw.uniform(-MAX_PITCH, MAX_PITCH) if draw.chance(0.2) else 0.14 * float(normal[1])
    roll = draw.uniform(-MAX_ROLL, MAX_ROLL) if draw.chance(0.2) else 0.1 * float(normal[2])
    return {
        "yaw": yaw,
        "pitch": pitch,
        "roll": roll + 0.08 * yaw,
        "x": 0.07 * float(normal[3]) + 0.06 * yaw,
        "y": 0.05 * float(normal[4]),
        "scale": 0.05 * float(normal[5]),
    }


def _shake(draw: Draw, time: Array) -> Array:
    """Two or three quick nods, or shakes of the head."""
    period = draw.uniform(11.0, 17.0)
    length = period * draw.whole(2, 3)
    share = (time - draw.uniform(-0.3 * length, max(float(len(time)) - 0.7 * length, 0.0))) / length
    window = np.sin(np.pi * np.clip(share, 0.0, 1.0)) ** 2
    shake: Array = draw.uniform(0.1, 0.2) * window * np.sin(math.tau * share * length / period)
    return shake


def _move_face(draw: Draw, channels: dict[str, Array], frames: int) -> None:
    """Moods: smile and brows change slowly."""
    time = np.arange(float(frames))
    for name, middle, spread in (
        ("smile", 0.3, 0.5),
        ("brow", 0.1, 0.5),
        ("mouth_width", 0.0, 0.3),
    ):
        value = middle + spread * float(draw.stream.normal())
        channels[name] += value
        start = draw.uniform(-10.0, 10.0)
        while start < frames:
            target = middle + spread * float(draw.stream.normal())
            length = draw.uniform(6.0, 14.0)
            channels[name] += (target - value) * _ease((time - start) / length)
            start, value = start + length + draw.uniform(8.0, 30.0), target


def _speak(draw: Draw, channels: dict[str, Array], frames: int) -> None:
    """Phrases of syllables, four to six a second, each with its own opening and width."""
    time = np.arange(float(frames))
    now = draw.uniform(-15.0, 12.0)
    while now < frames:
        loud = draw.uniform(0.35, 0.95)
        for _ in range(draw.whole(4, 10)):
            length = draw.uniform(4.0, 6.5)
            bump = np.cos(np.pi * np.clip((time - now) / length, -0.5, 0.5)) ** 2
            bump *= np.abs(time - now) < 0.5 * length
            channels["mouth_open"] += loud * draw.uniform(0.4, 1.1) * bump
            channels["mouth_width"] += draw.uniform(-0.9, 0.5) * bump
            now += 0.75 * length
        channels["brow"] += 0.4 * _bell(time, now - draw.uniform(10.0, 20.0), 9.0)
        now += draw.uniform(6.0, 22.0)


def _exclaim(draw: Draw, channels: dict[str, Array], frames: int) -> None:
    """Laugh, or be astonished: mouth wide open for about half a second."""
    time = np.arange(float(frames))
    length = draw.uniform(12.0, 26.0)
    course = _bell(time, draw.uniform(0.0, float(frames)), length)
    laugh = draw.chance(0.5)
    channels["mouth_open"] += draw.uniform(0.7, 1.0) * course
    channels["smile"] += (0.8 if laugh else -0.2) * course
    channels["mouth_width"] += (0.7 if laugh else -0.5) * course
    channels["brow"] += (0.2 if laugh else 0.9) * course


def _bell(time: Array, middle: float, length: float) -> Array:
    """Up and down again, smoothly, within ``length`` frames around ``middle``."""
    third = length / 3.0
    rise = _ease((time - middle + length / 2.0) / third)
    bell: Array = rise * _ease((middle + length / 2.0 - time) / third)
    return bell


def _blink(draw: Draw, channels: dict[str, Array], frames: int) -> None:
    """Blinks of 3 to 6 frames; now and then a wink, or eyes kept closed for a while."""
    now = draw.whole(-4, 22)
    while now < frames:
        course = list(draw.choice(_BLINKS))
        if draw.chance(0.15):
            middle = course.index(1.0)
            course[middle:middle] = [1.0] * draw.whole(4, 14)
        wink = draw.choice(("blink_left", "blink_right")) if draw.chance(0.1) else None
        for offset, closed in enumerate(course):
            if 0 <= now + offset < frames:
                for name in (wink,) if wink else ("blink_left", "blink_right"):
                    channels[name][now + offset] = closed
        now += len(course) + draw.whole(8, 45)
