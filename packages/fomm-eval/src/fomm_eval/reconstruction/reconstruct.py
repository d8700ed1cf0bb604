"""Reconstruction: a video animated from its own first frame, and how far the result is off.

A perfect model would give the video back. The keypoints are those of the driving frames as
they are (absolute motion), which is the same as relative motion here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from fomm_core.dataset import clip_name
from fomm_core.distributed import Communicator, SingleProcess
from fomm_core.errors import FommError, MediaError, OutputError
from fomm_core.loading import Model
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.run import Progress, ProgressCallback, animate_file
from fomm_core.video import VideoReader
from fomm_eval.data.strips import STRIPS_FOLDER, StripWriter
from fomm_eval.metrics import absolute_difference
from fomm_eval.reconstruction.manifest import Manifest, Reconstructed

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReconstructionSettings:
    """Settings of a reconstruction.

    Attributes:
        folder: of the results: ``<name>.mp4``, or ``<name>/000000.png`` and so on.
        strips: also write the generated frames side by side, ``png/<name>.png``.
        options: of the animations, which are without sound and of absolute motion anyway.
        root: the folder with the videos, below which their names begin; ``None`` where each
            is named by itself.
    """

    folder: Path
    strips: bool = False
    options: AnimationOptions = field(default_factory=AnimationOptions)
    root: Path | None = field(default=None, repr=False)

    def name_of(self, video: Path) -> str:
        """Name of a video, and of its results."""
        return clip_name(video, self.root)

    def outputs(self, name: str) -> list[Path]:
        """Files and folders that are there when a video is complete."""
        result = self.folder / name if self.options.png else self.folder / f"{name}.mp4"
        return [result, self.strip(name)] if self.strips else [result]

    def strip(self, name: str) -> Path:
        """Path of the frames side by side."""
        return self.folder / STRIPS_FOLDER / f"{name}.png"


@dataclass(frozen=True)
class Failure:
    """A video that could not be reconstructed, and why, in one line."""

    name: str
    reason: str


@dataclass(frozen=True)
class Reconstruction:
    """The outcome of a data set.

    Attributes:
        videos: in the order of the data set.
        failures: videos left out.
    """

    videos: tuple[Reconstructed, ...]
    failures: tuple[Failure, ...]

    @property
    def frames(self) -> int:
        """Number of frames of all videos."""
        return sum(video.frames for video in self.videos)

    @property
    def l1(self) -> float:
        """Mean absolute difference over all frames of all videos, in [0, 1].

        Raises:
            ZeroDivisionError: there are no videos, which :func:`reconstruct_all` excludes.
        """
        values = sum(video.values for video in self.videos)
        return sum(video.difference for video in self.videos) / (255 * values)


class _Difference:
    """Adds up the differences of generated and driving frames, frame by frame."""

    def __init__(self) -> None:
        self.frames = 0
        self.difference = 0
        self.values = 0

    def __call__(self, progress: Progress) -> None:
        frame = progress.frame
        if frame is None or frame.driving is None:
            return
        self.frames += 1
        self.difference += absolute_difference(frame.driving, frame.prediction)
        self.values += frame.prediction.size


def reconstruct_video(
    model: Model,
    video: Path,
    settings: ReconstructionSettings,
    on_progress: ProgressCallback | None = None,
) -> Reconstructed:
    """Reconstruct one video; memory does not grow with its length.

    Args:
        model: a loaded model.
        video: a video file or a folder of frames.
        settings: how.
        on_progress: called after every frame.

    Raises:
        FommError: one of its kinds, for whatever cannot be read, animated or written.
    """
    name = settings.name_of(video)
    result = settings.outputs(name)[0]
    difference = _Difference()
    with ExitStack() as stack:
        callbacks: list[ProgressCallback] = [difference]
        if settings.strips:
            strip = stack.enter_context(StripWriter(settings.strip(name)))
            callbacks.append(lambda progress: _append(strip, progress))
        if on_progress is not None:
            callbacks.append(on_progress)
        animate_file(
            next(iter(VideoReader(video))),
            video,
            result,
            replace(settings.options, audio=False, motion="absolute"),
            model=model,
            on_progress=lambda progress: _call_all(callbacks, progress),
        )
    return Reconstructed(name, difference.frames, difference.difference, difference.values)


def reconstruct_all(
    model: Model,
    videos: Sequence[Path],
    settings: ReconstructionSettings,
    manifest: Manifest,
    *,
    ranks: Communicator | None = None,
    resume: bool = False,
    keep_going: bool = False,
    on_progress_of: Callable[[str], ProgressCallback] | None = None,
) -> Reconstruction:
    """Reconstruct the videos of a data set, each by one process; every process gets all outcomes.

    Args:
        model: a loaded model.
        videos: at least one, no two of the same name.
        settings: how.
        manifest: what is complete.
        ranks: the processes that share the work.
        resume: leave alone what is complete.
        keep_going: report a broken video and go on without it.
        on_progress_of: makes the callback of a video from its name; see
            :func:`reconstruct_video`.

    Raises:
        FommError: of the first video that failed, unless they are to be passed over; or all
            failed.
    """
    ranks = ranks or SingleProcess()
    done: list[Reconstructed] = []
    failures: list[Failure] = []
    for video in ranks.share(videos):
        if ranks.is_stopped():
            break
        name = settings.name_of(video)
        known = _complete(name, settings, manifest) if resume else None
        try:
            done.append(
                known or _reconstruct_anew(model, video, settings, manifest, on_progress_of)
            )
        except FommError as error:
            failures.append(Failure(name, str(error)))
            if not keep_going:
                ranks.stop_others()
                break
            logger.warning("%s; left out", error)
    names = [settings.name_of(video) for video in videos]
    return _merge(ranks.gather((done, failures)), names, keep_going)


def _complete(
    name: str, settings: ReconstructionSettings, manifest: Manifest
) -> Reconstructed | None:
    """A video whose results are recorded and there."""
    known = manifest.find(name)
    return known if all(path.exists() for path in settings.outputs(name)) else None


def _reconstruct_anew(
    model: Model,
    video: Path,
    settings: ReconstructionSettings,
    manifest: Manifest,
    on_progress_of: Callable[[str], ProgressCallback] | None,
) -> Reconstructed:
    """Reconstruct a video, which counts as incomplete until it is done."""
    name = settings.name_of(video)
    _forget(name, settings, manifest)
    on_progress = on_progress_of(name) if on_progress_of else None
    result = reconstruct_video(model, video, settings, on_progress)
    manifest.add(result)
    return result


def _forget(name: str, settings: ReconstructionSettings, manifest: Manifest) -> None:
    """Take a video for incomplete, and let no strip outlive the settings it was made with.

    Raises:
        OutputError: the folder cannot be written.
    """
    manifest.forget(name)
    strip = settings.strip(name)
    try:
        strip.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{strip}: cannot be deleted: {error.strerror}") from error


def _merge(
    parts: Iterable[tuple[list[Reconstructed], list[Failure]]],
    names: Sequence[str],
    keep_going: bool,
) -> Reconstruction:
    """Put the outcomes of the processes together, in the order of the data set.

    Raises:
        MediaError: a video failed that should not, or all did.
    """
    parts = list(parts)
    done = {video.name: video for part, _ in parts for video in part}
    failed = {failure.name: failure for _, part in parts for failure in part}
    failures = tuple(failed[name] for name in names if name in failed)
    if failures and not keep_going:
        raise MediaError(f"{failures[0].reason}; --keep-going goes on without it")
    if not done:
        raise MediaError(
            f"expected videos that can be reconstructed, found {len(failures)} that cannot; "
            f"the first: {failures[0].reason}"
        )
    return Reconstruction(tuple(done[name] for name in names if name in done), failures)


def _append(strip: StripWriter, progress: Progress) -> None:
    if progress.frame is not None:
        strip.write(progress.frame.prediction)


def _call_all(callbacks: Iterable[ProgressCallback], progress: Progress) -> None:
    for callback in callbacks:
        callback(progress)
