"""The progress bar of a training: samples per second, time left, losses."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, TypeVar

from typing_extensions import Self

from fomm_train.checkpoint import Progress
from fomm_train.graph.step import Loss

T = TypeVar("T")


class ProgressBar:
    """A bar on stderr; nothing where that is no terminal.

    Args:
        start: where the training begins.
        total_steps: steps of the whole training.
        epochs: epochs of the whole training.
        quiet: never show it.
    """

    def __init__(self, start: Progress, total_steps: int, epochs: int, quiet: bool = False) -> None:
        self._epochs = epochs
        self._bar: Any = None
        if quiet or not sys.stderr.isatty():
            return
        from tqdm import tqdm

        self._bar = tqdm(
            total=total_steps * start.global_batch,
            initial=start.step * start.global_batch,
            unit=" samples",
            dynamic_ncols=True,
            mininterval=0.5,
        )

    def advance(self, progress: Progress, losses: Sequence[Loss]) -> None:
        """Show that one more step is done."""
        if self._bar is None:
            return
        totals = ", ".join(
            f"{loss.name.removeprefix('total_')} {loss.value:.4g}"
            for loss in losses
            if loss.name.startswith("total_")
        )
        epoch = min(progress.epoch + 1, self._epochs)
        self._bar.set_description(f"epoch {epoch}/{self._epochs}", refresh=False)
        self._bar.set_postfix_str(totals, refresh=False)
        self._bar.update(progress.global_batch)

    def follow(self, items: Iterable[T], total: int, description: str) -> Iterable[T]:
        """Hand items on and show how many of them are done, in a bar of their own."""
        if self._bar is None:
            return items
        from tqdm import tqdm

        return tqdm(items, desc=description, total=total, dynamic_ncols=True, leave=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
