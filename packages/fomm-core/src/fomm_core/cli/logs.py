"""Log records of the fomm packages: to stderr, one line each."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from fomm_core.utils.paths import as_utf8


class StderrHandler(logging.Handler):
    """Writes ``fomm: warning: ...`` to stderr without tearing a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        from tqdm import tqdm

        try:
            text = f"fomm: {record.levelname.lower()}: {as_utf8(self.format(record))}"
            tqdm.write(text, file=sys.stderr)
        except Exception:  # noqa: BLE001 - logging's own rule: a log line never stops the program
            self.handleError(record)


def level_of(verbosity: int) -> int:
    """The lowest logging level shown: errors at -1, warnings at 0, info at 1, all at 2."""
    if verbosity < 0:
        return logging.ERROR
    return (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbosity, 2)]


@contextmanager
def logs_on_stderr(packages: Iterable[str], verbosity: int) -> Iterator[None]:
    """Send the records of these packages' loggers to stderr while the block runs.

    Args:
        packages: import names such as ``fomm_core``.
        verbosity: see :func:`level_of`.
    """
    # Libraries that set up logging by themselves (NNabla) leave it alone where a handler is.
    silence = logging.NullHandler()
    logging.getLogger().addHandler(silence)
    loggers = [logging.getLogger(package) for package in packages]
    before = [(logger, logger.level) for logger in loggers]
    handler = StderrHandler()
    for logger in loggers:
        logger.setLevel(level_of(verbosity))
        logger.addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(silence)
        for logger, level in before:
            logger.setLevel(level)
            logger.removeHandler(handler)
