from __future__ import annotations

import pytest

from fomm_core.errors import FaceError, MediaError
from fomm_demo.services.jobs import JobCancelledError


@pytest.fixture(scope="module")
def toasts():
    return pytest.importorskip("fomm_demo.page.toasts")


def test_what_visitors_can_mend_is_told_as_a_sentence_without_markup(toasts, caplog):
    error = toasts.toast(MediaError("the video <b>x</b> is broken"))

    assert error.message == "The video &lt;b&gt;x&lt;/b&gt; is broken"
    assert not error.print_exception
    assert caplog.text == ""


def test_options_of_the_command_line_have_the_words_of_the_page(toasts):
    error = FaceError("expected a larger face; take a larger video, or --crop off for its middle")

    told = toasts.message_of(error)[1]
    assert told.endswith('take a larger video, or "The middle, no face" for its middle')


def test_a_defect_is_logged_and_not_shown(toasts, caplog):
    error = toasts.toast(KeyError("inner secret"))

    assert "secret" not in error.message
    assert "something went wrong" in error.message.lower()
    assert "inner secret" in caplog.text


def test_a_device_that_fails_is_logged_and_told(toasts, caplog):
    error = toasts.toast(RuntimeError("CUDA error: unspecified launch failure"))

    assert "CUDA error: unspecified launch failure" in error.message
    assert "unspecified launch failure" in caplog.text


def test_a_cancellation_is_no_defect(toasts, caplog):
    assert "cancelled" in toasts.toast(JobCancelledError()).message
    assert caplog.text == ""


def test_blocks_are_friendly(toasts):
    with pytest.raises(toasts.gr.Error, match="The file"), toasts.user_errors():
        raise MediaError("the file is broken")
