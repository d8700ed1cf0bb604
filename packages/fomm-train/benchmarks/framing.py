"""Errors of framing faces of rendered people, and the figures of a card for it.

    python benchmarks/framing.py --card [--people 400]       # the `keypoints` of a card's framing
    python benchmarks/framing.py [--model face] [--people 24]    # errors, on people of another part

``--assets FILE`` names a head model. The second command pastes squares of 300 pixels, whose head is
upright or turned, into a picture of 1600x1200, and tells the largest error of side and centre, in
sides. Each person's camera stands where its face, looking straight ahead, is as large and lies
where the card says; with ``--one-camera`` one camera takes them all, so that their own sizes count.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

from fomm_core.face.crop import Crop, frame_face
from fomm_core.face.framer import FaceFramer
from fomm_core.face.search import find_faces
from fomm_core.face.yunet import open_detector
from fomm_core.loading import load_model
from fomm_core.model.framing import KeypointFraming
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.heads.assets import load_assets
from fomm_train.synthetic.heads.ground_truth import KEYPOINT_NAMES, MIRRORED, GroundTruth
from fomm_train.synthetic.heads.identity import Camera, Identity
from fomm_train.synthetic.heads.model import HeadModel
from fomm_train.synthetic.heads.pose import Pose
from fomm_train.synthetic.heads.posing import neutral_head, pose_head
from fomm_train.synthetic.heads.renderer import Renderer
from fomm_train.synthetic.heads.rigid import SCALE, place
from fomm_train.synthetic.heads.world import RenderedWorld

Array = npt.NDArray[np.float64]

SIDE, SEED = 300, 15
TURNS = ("yaw", "pitch", "roll", "torso_yaw", "torso_pitch", "torso_roll")
NOISE = 0.017
"""Standard deviation of detected keypoints, along an axis."""

IGNORED = KEYPOINT_NAMES.index("neck_base")
"""Often outside of the picture, where a detector tells of its border."""


@dataclass(frozen=True)
class Geometry:
    """Poses of people by geometry alone, which takes milliseconds."""

    assets: Path | None
    framing: KeypointFraming

    @cached_property
    def model(self) -> HeadModel:
        return HeadModel(load_assets(self.assets))

    @cached_property
    def truth(self) -> GroundTruth:
        return GroundTruth(self.model)

    def keypoints(self, person: Identity, pose: Pose) -> Array:
        """True keypoints (K, 2) of a person before its camera."""
        head = pose_head(self.model, neutral_head(self.model, person.shape), pose)
        return self.truth.keypoints(head, place(person.camera, pose), SIDE).value.astype(float)

    def framed(self, person: Identity, pose: Pose) -> Identity:
        """The person before a camera that shows it as the card says when it looks ahead."""
        camera = Camera(person.camera.distance, 1.0, 1.4)
        for _ in range(3):
            centre, spread = measures(self.keypoints(replace(person, camera=camera), pose))
            zoom = camera.zoom * self.framing.spread / spread
            lower = (centre[1] * zoom / camera.zoom - self.framing.centre_y) / (zoom * SCALE)
            camera = Camera(camera.distance, zoom, camera.height - lower)
        return replace(person, camera=camera)


def measures(value: Array) -> tuple[Array, float]:
    """Centre of keypoints (K, 2), and root of their mean squared distance from it."""
    centre = value.mean(axis=0)
    return centre, float(np.sqrt(np.square(value - centre).sum(axis=1).mean()))


def poses_of(assets: Path | None, split: Split, number: int) -> tuple[Identity, list[Pose]]:
    """A person, and a pose of it straight ahead, turned a little, and turned as it comes."""
    world = RenderedWorld(SIDE, assets=assets)
    pose = replace(world.draw_motion(SEED, split, number, 1)[0], x=0.0, y=0.0, zoom=1.0)
    turned = [
        replace(pose, **{name: share * getattr(pose, name) for name in TURNS})
        for share in (0.0, 0.3, 1.0)
    ]
    return world.draw_identity(SEED, split, number), turned


def print_card(geometry: Geometry, people: int) -> None:
    """Print the weights by which keypoints tell centre and spread of their mean shape.

    They are those of generalized least squares: how the shape differs between people and as
    heads turn, and the noise of a detector, are the covariance of its errors.
    """
    shapes = []
    for number in range(people):
        person, poses = poses_of(geometry.assets, Split.TRAIN, number)
        person = geometry.framed(person, poses[0])
        shapes += [geometry.keypoints(person, pose) for pose in poses]
    both = np.array(shapes + [shape[MIRRORED] * (-1.0, 1.0) for shape in shapes])
    mean = both.mean(axis=0)
    rest = (both - mean).reshape(len(both), -1)
    variances = np.full(len(mean), NOISE**2)
    variances[IGNORED] = 1e6
    covariance = rest.T @ rest / len(both) + np.diag(np.repeat(variances, 2))
    design = np.zeros((2 * len(mean), 3))
    design[0::2, 0] = design[1::2, 1] = 1.0
    design[:, 2] = mean.ravel()
    weighted = np.linalg.solve(covariance, design)
    shift_x, shift_y, growth = np.linalg.solve(design.T @ weighted, weighted.T)
    framing = geometry.framing
    measured = (
        shift_x + framing.centre_x * growth,
        shift_y + framing.centre_y * growth,
        framing.spread * growth,
    )
    rows = np.stack(measured).reshape(3, -1, 2).transpose(1, 0, 2).reshape(-1, 6)
    said = {"weights": [[round(float(x), 3) + 0.0 for x in row] for row in rows]}
    print(yaml.safe_dump({"keypoints": {**framing.model_dump(exclude={"weights"}), **said}}))


def pictures(
    geometry: Geometry, people: int, one_camera: bool
) -> Iterator[tuple[bool, npt.NDArray[np.uint8]]]:
    """Squares of people of the benchmark's part, and whether their head is turned."""
    renderer = Renderer(geometry.assets, SIDE)
    drawn = [poses_of(geometry.assets, Split.BENCHMARK, number) for number in range(people)]
    framed = [geometry.framed(person, ahead) for person, (ahead, *_) in drawn]
    zoom, height = np.mean([(p.camera.zoom, p.camera.height) for p in framed], axis=0).tolist()
    for person, (_, (_, *turned)) in zip(framed, drawn, strict=True):
        if one_camera:
            person = replace(person, camera=Camera(person.camera.distance, zoom, height))
        for far, pose in enumerate(turned):
            yield bool(far), renderer.render(person, pose)


def measure(framer: FaceFramer, squares: Iterator[tuple[bool, npt.NDArray[np.uint8]]]) -> None:
    """Print how many are framed within 5 and 10 %, by the box alone and by keypoints."""
    y, x = np.mgrid[:1200, :1600]
    waves = 128 + 60 * np.sin(x / 170) + 60 * np.cos(y / 130)
    ground = np.stack([waves, waves, 255 - waves], axis=-1).astype(np.uint8)
    true, errors = Crop(620, 410, SIDE), []
    for far, square in squares:
        picture = ground.copy()
        picture[410 : 410 + SIDE, 620 : 620 + SIDE] = square
        box = max(find_faces(framer.detector, picture).boxes, key=lambda box: box.area)
        for way, framing in enumerate((framer.framing, framer.framing_of(picture, box))):
            crop = frame_face(box, framing)
            x, y = np.subtract(crop.centre, true.centre)
            errors.append((far, way, max(abs(crop.side - SIDE), abs(x), abs(y)) / SIDE))
    for far, way in ((far, way) for far in (False, True) for way in (0, 1)):
        found = np.array([error for *kind, error in errors if kind == [far, way]])
        head, by = ("upright", "turned")[far], ("box", "keypoints")[way]
        print(
            f"{head}, by {by}: {(found <= 0.05).sum()} of {len(found)} within 5 %, "
            f"{(found <= 0.1).sum()} within 10 %, the worst {100 * found.max():.0f} %"
        )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--assets", type=Path)
    parser.add_argument("--model", default="face")
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--card", action="store_true")
    parser.add_argument("--one-camera", action="store_true")
    options = parser.parse_args()
    with load_model(options.model) as model:
        if model.framing is None or model.framing.keypoints is None:
            parser.error("--model: expected one whose card tells where its keypoints lie")
        geometry = Geometry(options.assets, model.framing.keypoints)
        if options.card:
            print_card(geometry, options.people)
            return
        framer = FaceFramer(open_detector(), model.framing, model.engine.detect, model.frame_size)
        measure(framer, pictures(geometry, options.people, options.one_camera))


if __name__ == "__main__":
    main()
