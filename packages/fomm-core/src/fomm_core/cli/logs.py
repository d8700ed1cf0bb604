"""Where log records of the fomm packages go: to stderr, one line each."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable


class StderrHandler(logging.Handler):
    """Writes ``fomm: warning: ...`` to stderr without tearing a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        from tqdm import tqdm

        try:
            text = f"fomm: {record.levelname.lower()}: {self.format(record)}"
            tqdm.write(text, file=sys.stderr)
        except Exception:  # noqa: BLE001 - logging's own rule: a log line never stops the program
            self.handleError(record)


def level_of(verbosity: int) -> int:
    """The lowest logging level shown: errors at -1, warnings at 0, info at 1, all at 2."""
    if verbosity < 0:
        return logging.ERROR
    return (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbosity, 2)]


def configure_logging(packages: Iterable[str], verbosity: int) -> None:
    """Send the records of these packages' loggers to stderr.

    Calling it again replaces what the call before set.

    Args:
        packages: import names such as ``fomm_core``.
        verbosity: see :func:`level_of`.
    """
    for package in packages:
        logger = logging.getLogger(package)
        logger.setLevel(level_of(verbosity))
        logger.handlers = [StderrHandler()]
        logger.propagate = False
