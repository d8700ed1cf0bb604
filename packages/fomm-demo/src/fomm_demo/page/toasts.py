"""Errors as visitors see them: one friendly line, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr

from fomm_core.errors import FommError
from fomm_demo.services.jobs import JobCancelledError

logger = logging.getLogger(__name__)

_SECONDS = 12


def toast(error: Exception) -> gr.Error:
    """Turn an error into a message for the visitor; a defect is logged, and not shown."""
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, JobCancelledError):
        text, title = "the job was cancelled", "Cancelled"
    elif isinstance(error, FommError):
        text, title = str(error), "That did not work"
    else:
        logger.error("unexpected %s: %s", type(error).__name__, error, exc_info=error)
        text, title = "something went wrong on the server; please try again", "Sorry"
    # Gradio shows messages as HTML, and messages may quote what visitors sent.
    sentence = escape(text[:1].upper() + text[1:])
    return gr.Error(sentence, duration=_SECONDS, title=title, print_exception=False)


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn what the block raises into a message for the visitor."""
    try:
        yield
    except Exception as error:
        raise toast(error) from error
