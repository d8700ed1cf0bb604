"""Errors as visitors see them: one friendly line, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr

from fomm_core.devices import device_error
from fomm_core.errors import FommError
from fomm_demo.page.forms import NO_FACE
from fomm_demo.services.jobs import JobCancelledError

logger = logging.getLogger(__name__)

_SECONDS = 12


def toast(error: Exception) -> gr.Error:
    """Turn an error into a message for the visitor; a defect is logged, and not shown."""
    if isinstance(error, gr.Error):
        return error
    title, text = message_of(error)
    # Gradio shows messages as HTML, and messages may quote what visitors sent.
    sentence = escape(text[:1].upper() + text[1:])
    return gr.Error(sentence, duration=_SECONDS, title=title, print_exception=False)


def message_of(error: Exception) -> tuple[str, str]:
    """Put an error into words for the visitor, (title, text); a defect is logged, not shown."""
    if isinstance(error, JobCancelledError):
        return "Cancelled", "the job was cancelled"
    if isinstance(error, FommError):
        return "That did not work", str(error).replace("--crop off", f'"{NO_FACE}"')
    logger.error("unexpected %s: %s", type(error).__name__, error, exc_info=error)
    failure = device_error(error)
    if failure is not None:
        return "That did not work", str(failure)
    return "Sorry", "something went wrong on the server; please try again"


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn what the block raises into a message for the visitor."""
    try:
        yield
    except Exception as error:
        raise toast(error) from error
