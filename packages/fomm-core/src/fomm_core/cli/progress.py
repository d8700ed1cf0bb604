"""Progress bars: frames, frames per second and time left, on a terminal's stderr."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

if TYPE_CHECKING:
    from fomm_core.pipeline.run import Progress

_LABELS = {
    "recording": "detecting the motion",
    "finding": "finding the face",
    "searching": "searching the best frame",
    "calibrating": "calibrating",
    "animating": "animating",
}


class ProgressBar:
    """A progress callback of an animation that draws one bar per stage.

    Args:
        quiet: draw nothing. Nothing is drawn either where stderr is no terminal.
        title: stands before what is done.

    Attributes:
        animated: number of frames animated so far.
    """

    def __init__(self, quiet: bool = False, title: str = "") -> None:
        self._title = title
        # A program that was started with stderr closed has none.
        self._hidden = quiet or sys.stderr is None or not sys.stderr.isatty()
        self.animated = 0
        self._stage: str | None = None
        self._bar: Any = None

    def __call__(self, progress: Progress) -> None:
        """Show the newest step."""
        if progress.stage == "animating":
            self.animated = progress.done
        if self._hidden:
            return
        if progress.stage != self._stage:
            self._begin(progress)
        self._bar.update(progress.done - self._bar.n)

    def _begin(self, progress: Progress) -> None:
        from tqdm import tqdm

        self.close()
        self._stage = progress.stage
        label = self._title + _LABELS[progress.stage]
        self._bar = tqdm(desc=label, total=progress.total, unit=" frames", dynamic_ncols=True)

    def close(self) -> None:
        """Leave the last bar as it is."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
