"""The cross-identity benchmark: one avatar moved like another, with the true answers.

All identities and motions are of a part of the set that neither training nor the test part
ever shows. How much of a blink or of speech a model transfers is measured against the same
frames without it, everything else equal, so that the pose cannot flatter the figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fomm_core.image import to_network
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_train.synthetic.drawn.casting import draw_identity
from fomm_train.synthetic.drawn.ground_truth import true_keypoints
from fomm_train.synthetic.drawn.identity import Identity
from fomm_train.synthetic.drawn.motion import Motion, draw_motion
from fomm_train.synthetic.drawn.pose import Pose
from fomm_train.synthetic.drawn.regions import eye_mask, mouth_mask
from fomm_train.synthetic.drawn.renderer import Renderer
from fomm_train.synthetic.draws import Split

_FRAMES = 32


@dataclass(frozen=True, eq=False)
class Expression:
    """The frames of a case in which the eyes are closed, or the mouth open.

    Attributes:
        frames: (N,) int, their numbers; N may be 0.
        driving_without: (N, 3, H, W), these driving frames without the expression.
        target_without: (N, 3, H, W), the true answers to them.
        regions: (N, 1, H, W) in [0, 1], where the expression is to be seen in the answer.
    """

    frames: npt.NDArray[np.intp]
    driving_without: FloatArray
    target_without: FloatArray
    regions: FloatArray


@dataclass(frozen=True, eq=False)
class BenchmarkCase:
    """A source, a driving video and the true answers; frames are float32 in [0, 1].

    The source has the pose of the first driving frame, with open eyes and closed mouth, so
    that relative and absolute motion have the same true answer.

    Attributes:
        name: of the case, unique in the benchmark.
        source: (3, H, W).
        driving: (T, 3, H, W), another avatar.
        target: (T, 3, H, W), the true answers: the source's identity in the driving poses.
        kp_source: the source's true keypoints.
        kp_driving: T of them, those of the driving frames and of the true answers alike.
        blink: the frames in which the driving avatar closes its eyes.
        mouth: the frames in which it opens its mouth.
    """

    name: str
    source: FloatArray
    driving: FloatArray
    target: FloatArray
    kp_source: Keypoints
    kp_driving: tuple[Keypoints, ...]
    blink: Expression
    mouth: Expression


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
        kp_source=true_keypoints(first),
        kp_driving=tuple(true_keypoints(pose) for pose in poses),
        blink=_express(
            renderer, source, driving, poses, _Kind(Pose.shuts_eyes, Pose.with_open_eyes, eye_mask)
        ),
        mouth=_express(
            renderer,
            source,
            driving,
            poses,
            _Kind(Pose.opens_mouth, Pose.with_closed_mouth, mouth_mask),
        ),
    )


@dataclass(frozen=True)
class _Kind:
    """An expression: when it is there, how to take it away, where it is seen."""

    shown: Callable[[Pose], bool]
    without: Callable[[Pose], Pose]
    mask: Callable[[Pose, int], FloatArray]


def _express(
    renderer: Renderer, source: Identity, driving: Identity, poses: Sequence[Pose], kind: _Kind
) -> Expression:
    frames = [number for number, pose in enumerate(poses) if kind.shown(pose)]
    plain = [kind.without(poses[number]) for number in frames]
    masks = [kind.mask(poses[number], renderer.size) for number in frames]
    empty = np.zeros((0, 1, renderer.size, renderer.size), np.float32)
    return Expression(
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
