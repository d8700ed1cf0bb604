"""A progress bar over the videos of a data set."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fomm_core.pipeline.run import Progress, ProgressCallback


class VideoBar:
    """Frames of the video in work and frames in all, on a terminal's stderr.

    Args:
        bar: a tqdm bar that counts frames.
        videos: number of videos in all.
    """

    def __init__(self, bar: Any, videos: int) -> None:
        self._bar = bar
        self._videos = videos
        self._begun = 0

    def callback_of(self, name: str) -> ProgressCallback:
        """Begin the next video; return what counts its frames."""
        self._begun += 1
        self._bar.set_description_str(f"{self._begun}/{self._videos} {name}")

        def on_progress(progress: Progress) -> None:
            self._bar.update()

        return on_progress

    def frame(self) -> None:
        """Count a frame."""
        self._bar.update()


@contextmanager
def video_bar(videos: int, quiet: bool) -> Iterator[VideoBar]:
    """Show a bar while the block runs, unless quiet or where stderr is no terminal."""
    from tqdm import tqdm

    hidden = quiet or sys.stderr is None or not sys.stderr.isatty()
    with tqdm(unit=" frames", dynamic_ncols=True, disable=hidden) as bar:
        yield VideoBar(bar, videos)
