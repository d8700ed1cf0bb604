"""Pack rendered people into the small benchmark that `fomm evaluate --heads` reads by default.

    uv run python packages/fomm-eval/benchmarks/pack_heads.py FRAMES OUT [--groups 6] [--motions 16]

FRAMES holds `frames/GG_II_MM.jpg` (group, identity, motion; identities of a group share their
motions) and `truth.npz` with `index` (N, 3), `keypoints` (N, K, 2), `jacobians` (N, K, 2, 2) and
`labels` (N, H, W). Each identity becomes a case: it is moved like the next one of its group,
whose frames are the true answers of another case already and are not stored twice. Pictures are
copied as they are, byte for byte.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from fomm_core.benchmark_format import BenchmarkSettings
from fomm_core.benchmark_format.settings import write_settings
from fomm_core.motion.ground_truth import TrueKeypoints, write_true_keypoints

LABELS = ("background", "skin", "hair", "eyes", "mouth", "clothes", "brows")
KEYPOINTS = (
    *("left upper lid", "left lower lid", "right upper lid", "right lower lid"),
    *("left iris", "right iris", "left brow", "right brow", "nose tip"),
    *("left mouth corner", "right mouth corner", "upper lip", "lower lip", "chin"),
    *("left cheek", "right cheek", "forehead", "left jaw", "right jaw", "neck base"),
)


@dataclass(frozen=True, eq=False)
class Frames:
    """Rendered frames on disk, and the truth of all of them by (group, identity, motion)."""

    folder: Path
    rows: dict[tuple[int, int, int], int]
    truth: dict[str, np.ndarray]

    @classmethod
    def open(cls, folder: Path) -> Frames:
        """Read the truth."""
        with np.load(folder / "truth.npz") as content:
            truth = {name: content[name] for name in content}
        rows = {tuple(index): row for row, index in enumerate(truth["index"].tolist())}
        return cls(folder, rows, truth)

    def picture(self, group: int, identity: int, motion: int) -> Path:
        """The file of a frame."""
        return self.folder / "frames" / f"{group:02}_{identity:02}_{motion:02}.jpg"

    def identities(self, group: int) -> list[int]:
        """The identities of a group."""
        return sorted({identity for g, identity, _ in self.rows if g == group})


def pack(frames: Frames, out: Path, groups: int, motions: int, seed: int) -> None:
    """Write a benchmark of the first groups and motions."""
    driven_by = []
    for group in range(groups):
        identities = frames.identities(group)
        following = identities[1:] + identities[:1]
        for identity, driver in zip(identities, following, strict=True):
            name = _name(group, identity)
            driven_by.append((name, _name(group, driver)))
            keys = [(group, identity, motion) for motion in range(motions)]
            _write_pictures(out / name, frames, keys)
            _write_truth(out / name, frames, [(group, driver, motion) for _, _, motion in keys])
    size = frames.truth["labels"].shape[1]
    settings = BenchmarkSettings(
        size,
        len(driven_by),
        seed,
        label_names=LABELS,
        driven_by=tuple(driven_by),
        first_scored=1,
    )
    write_settings(out, settings)


def _name(group: int, identity: int) -> str:
    return f"{group:02}{identity:02}"


def _write_pictures(folder: Path, frames: Frames, keys: list[tuple[int, int, int]]) -> None:
    (folder / "target").mkdir(parents=True)
    (folder / "labels").mkdir()
    shutil.copyfile(frames.picture(*keys[0]), folder / "source.jpg")
    for number, key in enumerate(keys):
        shutil.copyfile(frames.picture(*key), folder / "target" / f"{number:06d}.jpg")
        labels = Image.fromarray(frames.truth["labels"][frames.rows[key]])
        labels.save(folder / "labels" / f"{number:06d}.png", optimize=True)


def _write_truth(folder: Path, frames: Frames, keys: list[tuple[int, int, int]]) -> None:
    """Write the true keypoints of the driving frames."""
    rows = [frames.rows[key] for key in keys]
    truth = TrueKeypoints(
        frames.truth["keypoints"][rows], frames.truth["jacobians"][rows], KEYPOINTS
    )
    write_true_keypoints(folder / "truth.npz", truth)


def main() -> None:
    """Pack a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--groups", type=int, default=6)
    parser.add_argument("--motions", type=int, default=16)
    parser.add_argument("--seed", type=int, default=900, help="of the frames, told in reports")
    options = parser.parse_args()
    frames = Frames.open(options.frames)
    pack(frames, options.out, options.groups, options.motions, options.seed)


if __name__ == "__main__":
    main()
