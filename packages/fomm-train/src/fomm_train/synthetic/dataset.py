"""Writing synthetic people as a data set of files, in the layout of the reference.

``train/`` and ``test/`` hold one video (or folder of frames) for each identity and motion,
named ``identity#motion``; ``truth/`` holds a file with the true keypoints of each, and with the
label maps of its frames where the world has some. People of one group share their motions:
``00008#003`` and ``00009#003`` move alike, so that each is the true answer to the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from fomm_core.errors import OutputError
from fomm_core.image import ByteArray
from fomm_core.motion.ground_truth import TrueKeypoints, write_true_keypoints
from fomm_core.motion.keypoints import Keypoints
from fomm_core.utils.files import atomic_path
from fomm_train.config import SyntheticParams
from fomm_train.data.prepare.sinks import ClipSink, PictureFolder, SeekableVideo
from fomm_train.synthetic.draws import Split
from fomm_train.synthetic.people import People
from fomm_train.synthetic.world import AnyWorld

Form = Literal["mp4", "png"]

FORMS: tuple[Form, ...] = ("mp4", "png")

_SPLITS = {"train": Split.TRAIN, "test": Split.TEST}


@dataclass(frozen=True)
class DatasetSettings:
    """Recipe of a data set on disk.

    Attributes:
        params: identities (of both parts together), motions, frames and seed.
        size: height and width of the frames in pixels.
        form: ``"mp4"``, or ``"png"`` for folders of lossless frames.
        test_share: share of the identities in ``test/``, 0 up to but not including 1.
    """

    params: SyntheticParams
    size: int
    form: Form
    test_share: float

    def part(self, name: str) -> SyntheticParams:
        """The parameters of ``"train"`` or ``"test"`` alone."""
        test = round(self.params.identities * self.test_share)
        count = test if name == "test" else self.params.identities - test
        return self.params.model_copy(update={"identities": count})


@dataclass(frozen=True)
class ClipTask:
    """One clip to be written: who, how, and where."""

    part: str
    identity: int
    motion: int

    @property
    def name(self) -> str:
        """``identity#motion``."""
        return f"{self.identity:05d}#{self.motion:03d}"

    def video(self, out: Path, form: Form) -> Path:
        """The video file, or the folder of frames."""
        return out / self.part / (f"{self.name}.mp4" if form == "mp4" else self.name)

    def truth(self, out: Path) -> Path:
        """The file with the truth."""
        return out / "truth" / self.part / f"{self.name}.npz"


class SyntheticDataset:
    """A data set of people being written, by this process alone. Use :meth:`open`."""

    def __init__(self, out: Path, world: AnyWorld, settings: DatasetSettings) -> None:
        self._out = out
        self._world = world
        self._settings = settings
        self._people = {
            part: People(world, settings.part(part), split) for part, split in _SPLITS.items()
        }

    @classmethod
    @contextmanager
    def open(
        cls, out: Path, world: AnyWorld, settings: DatasetSettings
    ) -> Iterator[SyntheticDataset]:
        """Make the folder, or go on with one of equal settings.

        Args:
            out: the folder.
            world: what kind of people, in frames of the settings' size.
            settings: what is to be written.

        Raises:
            OutputError: the folder cannot be written, holds a data set of other settings, or
                somebody else is writing to it.
        """
        from filelock import FileLock, Timeout

        dataset = cls(out, world, settings)
        try:
            for part in dataset._parts():
                (out / part).mkdir(parents=True, exist_ok=True)
                (out / "truth" / part).mkdir(parents=True, exist_ok=True)
            with FileLock(out / f".{world.name}s.lock", timeout=0):
                dataset._check_settings()
                yield dataset
        except Timeout as error:
            raise OutputError(f"{out}: another run is writing there; wait for its end") from error
        except OSError as error:
            raise OutputError(f"{out}: cannot be written: {error.strerror}") from error

    def tasks(self) -> list[ClipTask]:
        """All clips of the data set."""
        return [
            ClipTask(part, identity, motion)
            for part in self._parts()
            for identity in range(self._people[part].params.identities)
            for motion in range(self._settings.params.motions)
        ]

    def is_written(self, task: ClipTask) -> bool:
        """Whether a clip is complete; its truth is written last."""
        out = self._out
        return task.video(out, self._settings.form).exists() and task.truth(out).exists()

    def write(self, task: ClipTask) -> None:
        """Write a clip and its truth.

        Raises:
            OutputError: they cannot be written; nothing is left half done.
        """
        people = self._people[task.part]
        identity, motion = people.identity(task.identity), people.motion(task.identity, task.motion)
        keypoints: list[Keypoints] = []
        labels: list[ByteArray] = []
        with self._sink(task.video(self._out, self._settings.form)) as sink:
            for pose in motion:
                sink.write(self._world.render(identity, pose))
                keypoints.append(self._world.keypoints(identity, pose))
                if self._world.label_names:
                    labels += _some(self._world.masks(identity, pose).labels)
        more = {**motion.arrays(), "mirrored_keypoints": self._world.mirrored_keypoints}
        if labels:
            more |= {"labels": np.stack(labels), "label_names": np.array(self._world.label_names)}
        truth = TrueKeypoints.of(keypoints, self._world.keypoint_names)
        with atomic_path(task.truth(self._out)) as partial:
            write_true_keypoints(partial, truth, more)

    def _parts(self) -> list[str]:
        return [part for part in _SPLITS if self._people[part].params.identities]

    def _sink(self, path: Path) -> ClipSink:
        if self._settings.form == "mp4":
            return SeekableVideo(path, Fraction(self._world.frame_rate))
        return PictureFolder(path, "png")

    def _check_settings(self) -> None:
        """Write down what the set is made from, or compare with what is written there."""
        path = self._out / f"{self._world.name}s.json"
        settings = self._settings
        wanted = {
            **settings.params.model_dump(),
            "size": settings.size,
            "form": settings.form,
            "test_share": settings.test_share,
        }
        if not path.exists():
            with atomic_path(path) as partial:
                partial.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
            return
        found = _read_settings(path)
        for key, value in wanted.items():
            if found.get(key) != value:
                raise OutputError(
                    f"{self._out}: expected a data set with {key} {value}, found one with "
                    f"{found.get(key)}; choose another folder"
                )


def _some(labels: ByteArray | None) -> list[ByteArray]:
    return [] if labels is None else [labels]


def _read_settings(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise OutputError(f"{path}: expected the settings of a data set, found {error}") from error
    if not isinstance(content, dict):
        raise OutputError(f"{path}: expected the settings of a data set, found {content!r}")
    return content
