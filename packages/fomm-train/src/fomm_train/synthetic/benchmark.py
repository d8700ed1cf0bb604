"""The cross-identity benchmark: one avatar moved like another, with the true answers.

All identities and motions are of a part of the set that neither training nor the test part
ever shows. How much of a blink or of speech a model transfers is measured against the same
frames without it, everything else equal, so that the pose cannot flatter the figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fomm_core.benchmark_format import BenchmarkCase, Expression
from fomm_core.image import to_network
from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.drawn.casting import draw_identity
from fomm_train.synthetic.drawn.ground_truth import KEYPOINT_NAMES, true_keypoints
from fomm_train.synthetic.drawn.identity import Identity
from fomm_train.synthetic.drawn.motion import Motion, draw_motion
from fomm_train.synthetic.drawn.pose import Pose
from fomm_train.synthetic.drawn.regions import eye_mask, mouth_mask
from fomm_train.synthetic.drawn.renderer import Renderer
from fomm_train.synthetic.draws import Split

_FRAMES = 32


def cross_identity_benchmark(
    size: int, count: int, seed: int, *, swapped: bool = False
) -> Iterator[BenchmarkCase]:
    """Make the cases of the benchmark, one at a time; equal arguments give equal cases.

    Args:
        size: height and width of the frames in pixels.
        count: number of cases; the first ones are the same whatever their number.
        seed: of the benchmark.
        swapped: exchange the two avatars of each case.
    """
    # Two avatars and their backgrounds are all that is needed at a time.
    renderer = Renderer(size, keep=2)
    for number in range(count):
        pair = [draw_identity(seed, Split.BENCHMARK, 2 * number + i) for i in range(2)]
        if swapped:
            pair.reverse()
        motion = draw_motion(seed, Split.BENCHMARK, number, _FRAMES)
        yield _make_case(f"{number:04d}", renderer, pair[0], pair[1], motion)


def _make_case(
    name: str, renderer: Renderer, source: Identity, driving: Identity, motion: Motion
) -> BenchmarkCase:
    first = replace(motion[0].with_open_eyes().with_closed_mouth(), brow=0.0)
    poses = [first, *(motion[frame] for frame in range(1, len(motion)))]
    return BenchmarkCase(
        name=name,
        source=to_network(renderer.render(source, first)),
        driving=_film(renderer, driving, poses),
        target=_film(renderer, source, poses),
        kp_driving=tuple(true_keypoints(pose) for pose in poses),
        keypoint_names=KEYPOINT_NAMES,
        expressions=tuple(_express(renderer, source, driving, poses, kind) for kind in _KINDS),
    )


@dataclass(frozen=True)
class _Kind:
    """An expression: its name, when it is there, how to take it away, where it is seen."""

    name: str
    shown: Callable[[Pose], bool]
    without: Callable[[Pose], Pose]
    mask: Callable[[Pose, int], FloatArray]


_KINDS = (
    _Kind("blink", Pose.shuts_eyes, Pose.with_open_eyes, eye_mask),
    _Kind("mouth", Pose.opens_mouth, Pose.with_closed_mouth, mouth_mask),
)


def _express(
    renderer: Renderer, source: Identity, driving: Identity, poses: Sequence[Pose], kind: _Kind
) -> Expression:
    frames = [number for number, pose in enumerate(poses) if kind.shown(pose)]
    plain = [kind.without(poses[number]) for number in frames]
    masks = [kind.mask(poses[number], renderer.size) for number in frames]
    empty = np.zeros((0, 1, renderer.size, renderer.size), np.float32)
    return Expression(
        name=kind.name,
        frames=np.array(frames, np.intp),
        driving_without=_film(renderer, driving, plain),
        target_without=_film(renderer, source, plain),
        regions=np.stack(masks) if masks else empty,
    )


def _film(renderer: Renderer, identity: Identity, poses: Sequence[Pose]) -> FloatArray:
    frames = np.empty((len(poses), 3, renderer.size, renderer.size), np.float32)
    for frame, pose in zip(frames, poses, strict=True):
        frame[...] = to_network(renderer.render(identity, pose))
    return frames
