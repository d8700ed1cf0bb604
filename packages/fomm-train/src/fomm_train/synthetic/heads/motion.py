"""Motions: how a person moves from frame to frame, drawn at random.

Head, gaze, brows and mouth each go from one held target to the next with the smooth course of
real movements (minimum jerk), at their own pace; blinks lie over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from fomm_core.utils.rng import make_rng
from fomm_train.synthetic.draws import Draw, Split
from fomm_train.synthetic.heads.faces import (
    Weights,
    draw_brows,
    draw_gaze,
    draw_lids,
    draw_mouth,
    looking,
)
from fomm_train.synthetic.heads.pose import EXPRESSIONS, MAX_PITCH, MAX_ROLL, MAX_YAW, Pose
from fomm_train.synthetic.world import frames_by_expression

Track = npt.NDArray[np.float32]

FRAME_RATE = 25

CHANNELS = (
    "yaw", "pitch", "roll", "x", "y", "zoom", "torso_pitch", "torso_yaw", "torso_roll", "gaze_x",
    "gaze_y",
)  # fmt: skip
"""Names of a pose's numbers before its weights, in order."""

_HEAD = len(CHANNELS) - 2
_PLACES = {name: place for place, name in enumerate(EXPRESSIONS)}
_BLINKS = (
    (0.7, 1.0, 0.5),
    (0.55, 1.0, 0.9, 0.4),
    (0.45, 0.95, 1.0, 0.7, 0.25),
    (0.35, 0.85, 1.0, 1.0, 0.6, 0.2),
)


@dataclass(frozen=True, eq=False)
class Motion:
    """A motion: one pose a frame.

    Attributes:
        track: (T, 64) float32, the numbers of each pose: :data:`CHANNELS`, then the weights.
    """

    track: Track

    def __len__(self) -> int:
        """Number of frames T."""
        return len(self.track)

    def __getitem__(self, frame: int) -> Pose:
        numbers = self.track[frame].tolist()
        return replace(Pose(*numbers[: len(CHANNELS)]), weights=tuple(numbers[len(CHANNELS) :]))

    def __iter__(self) -> Iterator[Pose]:
        return (self[frame] for frame in range(len(self)))

    @cached_property
    def expressions(self) -> tuple[tuple[int, ...], ...]:
        """The frames with shut eyes and those with an open mouth, as far as there are any."""
        return frames_by_expression(self, (Pose.shuts_eyes, Pose.opens_mouth))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The poses as arrays by name: ``poses`` (T, 64) and ``pose_names`` (64,)."""
        return {"poses": self.track, "pose_names": np.array(CHANNELS + EXPRESSIONS)}


def draw_motion(seed: int, split: Split, number: int, frames: int) -> Motion:
    """Motion ``number`` of a part of the set; equal arguments give equal motions.

    Args:
        seed: of the set.
        split: its part.
        number: which motion, not negative.
        frames: its length T, at least 1.
    """
    draw = Draw(make_rng(seed, "head motion", int(split), number))
    wide = draw.chance(0.22)
    head = _course(draw, frames, lambda: _head(draw, wide), hold=(3, 18), move=(7, 18))
    head += _sway(draw, frames)
    gaze = _course(draw, frames, lambda: draw_gaze(draw), hold=(8, 40), move=(2, 3))
    gaze[:, 0] -= 0.25 * head[:, 0] * draw.chance(0.6)
    weights = looking(gaze)
    for sample, hold, move in (
        (draw_brows, (6, 25), (4, 9)),
        (draw_mouth, (1, 8), (3, 7)),
        (draw_lids, (10, 40), (3, 6)),
    ):
        weights += _course(draw, frames, _expressed(draw, sample), hold=hold, move=move)
    _blink(draw, weights)
    track = np.concatenate([head, gaze, _possible(weights)], axis=1)
    return Motion(track.astype(np.float32))


def _ease(share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The minimum-jerk course from 0 to 1."""
    s = np.clip(share, 0.0, 1.0)
    eased: npt.NDArray[np.float64] = s**3 * (10.0 - 15.0 * s + 6.0 * s**2)
    return eased


def _course(
    draw: Draw,
    frames: int,
    target: Callable[[], npt.NDArray[np.float64]],
    hold: tuple[float, float],
    move: tuple[float, float],
) -> npt.NDArray[np.float64]:
    """Go from target to target, (T, N).

    Args:
        draw: when.
        frames: T.
        target: draws N numbers.
        hold, move: shortest and longest time at a target, and on the way, in frames.
    """
    time = np.arange(float(frames))[:, None]
    now, value = -draw.uniform(0.0, hold[1] + move[1]), target()
    course = np.repeat(value[None], frames, axis=0)
    while now < frames:
        begin, length, following = now + draw.uniform(*hold), draw.uniform(*move), target()
        course += (following - value) * _ease((time - begin) / length)
        now, value = begin + length, following
    return course


def _head(draw: Draw, wide: bool) -> npt.NDArray[np.float64]:
    """A pose of head and shoulders to hold: mostly near the middle, of some far from it."""
    normal = draw.stream.normal(size=_HEAD)
    degrees = (28.0, 14.0, 10.0) if wide else (14.0, 7.0, 5.0)
    turn = np.radians(degrees) * normal[:3]
    turn = np.clip(turn, *np.array([[-1], [1]]) * (MAX_YAW, MAX_PITCH, MAX_ROLL))
    shift = np.clip(normal[3:5] * (0.05, 0.04), (-0.14, -0.11), (0.14, 0.11))
    zoom = np.exp(np.clip(normal[5:6] * 0.06, -0.15, 0.15))
    torso = np.radians(np.clip(normal[6:] * (3.0, 7.0, 2.5), (-8, -18, -7), (8, 18, 7)))
    torso[1] += 0.25 * turn[0]
    return np.concatenate([turn, shift, zoom, torso])


def _sway(draw: Draw, frames: int) -> npt.NDArray[np.float64]:
    """A slow, small movement that never rests."""
    time = np.arange(float(frames))[:, None]
    size = np.array([0.025, 0.02, 0.015, 0.006, 0.005, 0.004, 0.01, 0.01, 0.01])
    phase, period = draw.stream.uniform(0, 6.28, _HEAD), draw.stream.uniform(40, 90, _HEAD)
    sway: npt.NDArray[np.float64] = size * np.sin(phase + 6.28 * time / period)
    return sway


def _expressed(
    draw: Draw, sample: Callable[[Draw], Weights]
) -> Callable[[], npt.NDArray[np.float64]]:
    """Draw an expression as numbers in the order of :data:`EXPRESSIONS`."""

    def target() -> npt.NDArray[np.float64]:
        weights = np.zeros(len(EXPRESSIONS))
        for name, value in sample(draw).items():
            weights[_PLACES[name]] += value
        return weights

    return target


def _blink(draw: Draw, weights: npt.NDArray[np.float64]) -> None:
    """Blinks of 3 to 6 frames; now and then a wink, or eyes kept closed for a while."""
    frames = len(weights)
    left, right = _PLACES["eyeBlink_L"], _PLACES["eyeBlink_R"]
    now = draw.whole(-4, 16)
    while now < frames:
        course = list(draw.choice(_BLINKS))
        if draw.chance(0.25):
            middle = course.index(1.0)
            course[middle:middle] = [1.0] * draw.whole(4, 16)
        sides = [draw.choice((left, right))] if draw.chance(0.1) else [left, right]
        for offset, closed in enumerate(course):
            if 0 <= now + offset < frames:
                for side in sides:
                    weights[now + offset, side] = max(weights[now + offset, side], closed)
        now += len(course) + draw.whole(8, 40)


def _possible(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weights within their ranges; lids that look down, or are squeezed, have less to go."""
    possible = np.clip(weights, 0.0, 1.0)
    possible[:, _PLACES["jawOpen"]] = np.minimum(possible[:, _PLACES["jawOpen"]], 0.9)
    for side in "LR":
        down, squeezed = (possible[:, _PLACES[f"{n}_{side}"]] for n in ("eyeLookDown", "eyeSquint"))
        lid = possible[:, _PLACES[f"eyeBlink_{side}"]]
        np.minimum(lid, 1.0 - 0.55 * down - 0.1 * squeezed, out=lid)
    return possible
