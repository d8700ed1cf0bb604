"""The cross-identity benchmark: one person moved like another, with the true answers.

All identities and motions are of a part of the set that neither training nor the test part
ever shows. How much of a blink or of speech a model transfers is measured against the same
frames without it, everything else equal, so that the pose cannot flatter the figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np

from fomm_core.benchmark_format import BenchmarkCase, Expression
from fomm_core.image import ByteArray, to_network
from fomm_core.motion.keypoints import FloatArray
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.world import ExpressionKind, Identity, Pose, World

_FRAMES = 32


def cross_identity_benchmark(
    world: World[Identity, Pose], count: int, seed: int, *, swapped: bool = False
) -> Iterator[BenchmarkCase]:
    """Make the cases of the benchmark, one at a time; equal arguments give equal cases.

    Args:
        world: what kind of people they show; two of them are all that is needed at a time.
        count: number of cases; the first ones are the same whatever their number.
        seed: of the benchmark.
        swapped: exchange the two people of each case.
    """
    for number in range(count):
        pair = [world.draw_identity(seed, Split.BENCHMARK, 2 * number + i) for i in range(2)]
        if swapped:
            pair.reverse()
        motion = list(world.draw_motion(seed, Split.BENCHMARK, number, _FRAMES))
        poses = [world.at_rest(motion[0]), *motion[1:]]
        yield _Case(world, pair[0], pair[1], poses).make(f"{number:04d}")


@dataclass(frozen=True)
class _Case(Generic[Identity, Pose]):
    """One case: people and poses."""

    world: World[Identity, Pose]
    source: Identity
    driving: Identity
    poses: Sequence[Pose]

    def make(self, name: str) -> BenchmarkCase:
        world, poses = self.world, self.poses
        # One after the other: a world need not keep more than one person at a time.
        target, labels = self._film(self.source, poses), self._labels()
        source = to_network(world.render(self.source, poses[0]))
        without = [self._without(self.source, kind) for kind in world.expressions]
        regions = [self._regions(kind) for kind in world.expressions]
        driving = self._film(self.driving, poses)
        return BenchmarkCase(
            name=name,
            source=source,
            driving=driving,
            target=target,
            kp_driving=tuple(world.keypoints(self.driving, pose) for pose in poses),
            keypoint_names=world.keypoint_names,
            expressions=tuple(
                Expression(
                    name=kind.name,
                    frames=np.array(self._frames(kind), np.intp),
                    driving_without=self._without(self.driving, kind),
                    target_without=plain,
                    regions=region,
                )
                for kind, plain, region in zip(world.expressions, without, regions, strict=True)
            ),
            labels=labels,
        )

    def _frames(self, kind: ExpressionKind[Pose]) -> list[int]:
        return [number for number, pose in enumerate(self.poses) if kind.shown(pose)]

    def _without(self, identity: Identity, kind: ExpressionKind[Pose]) -> FloatArray:
        poses = [kind.without(self.poses[number]) for number in self._frames(kind)]
        return self._film(identity, poses)

    def _regions(self, kind: ExpressionKind[Pose]) -> FloatArray:
        size = self.world.size
        shown = (self.poses[number] for number in self._frames(kind))
        masks = [self.world.expression_region(self.source, pose, kind.name) for pose in shown]
        return np.stack(masks) if masks else np.zeros((0, 1, size, size), np.float32)

    def _labels(self) -> ByteArray | None:
        if not self.world.label_names:
            return None
        masks = (self.world.masks(self.source, pose) for pose in self.poses)
        return np.stack([mask.labels for mask in masks if mask.labels is not None])

    def _film(self, identity: Identity, poses: Sequence[Pose]) -> FloatArray:
        size = self.world.size
        frames = np.empty((len(poses), 3, size, size), np.float32)
        for frame, pose in zip(frames, poses, strict=True):
            frame[...] = to_network(self.world.render(identity, pose))
        return frames
