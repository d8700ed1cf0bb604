"""The tab where pictures are animated, and the endpoint that programs call."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import gradio as gr
from gradio.events import Dependency

from fomm_core.pipeline.options import choices_of
from fomm_demo.page.forms import Form, read_request
from fomm_demo.page.html import is_progress, note, preview, progress, splash_note
from fomm_demo.page.toasts import toast, user_errors
from fomm_demo.services.animation import PublishedAnimation
from fomm_demo.services.app import AppServices
from fomm_demo.services.jobs import Job, JobCancelledError

JOBS = "jobs"
"""Gradio's name of the queue that all long jobs share."""

_HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""Of events that neither show progress nor stand in the API."""

_PREVIEW_SECONDS = 0.12
_WELCOME = "The animation will appear here."
_CANCEL_TEXT = "Cancelled."
_CANCELLED = f"() => {json.dumps(note(_CANCEL_TEXT))}"
_UPDATE = "__type__: 'update'"
_WAITING_TEXT = "Waiting for its turn..."
_WAITING = (
    # What happens should be seen: on a phone the preview lies below the button.
    "() => { for (const part of ['#status', '#screen']) "
    "document.querySelector(part).scrollIntoView({block: 'nearest'}); "
    f"return [{json.dumps(note(_WAITING_TEXT))}, "
    f"{{{_UPDATE}, interactive: false}}, {{{_UPDATE}, visible: true}}]; }}"
)


def _one_of(option: str) -> str:
    *most, last = choices_of(option)
    return f"{', '.join(most)} or {last}"


_ENDPOINT = f"""Animate a picture with a video or with a saved motion; returns an MP4 video.

source is the picture; driving the video, or None where motion is a saved motion
(.npz). movement is {_one_of("motion")}; fit is {_one_of("fit")};
quality is exact or fast; view is {_one_of("view")};
start and end are seconds, 0 for the whole video. face is largest, all, a number from the left,
or off; square is left,top,side of the picture instead, or empty; paste_back gives the whole
picture rather than the square around the face.
"""
"""Description of the endpoint, for programs that call it."""


class AnimateTab:
    """The preview, the result, and the buttons below them.

    Args:
        services: what carries out the requests.
    """

    def __init__(self, services: AppServices) -> None:
        self._services = services

    def add_result(self) -> None:
        """Add the preview, the result and the buttons here."""
        self.screen = gr.HTML(splash_note(_WELCOME), elem_id="screen")
        self.result = gr.Video(
            label="Animation",
            visible=False,
            autoplay=True,
            loop=True,
            interactive=False,
            buttons=["download"],
            elem_id="result",
        )
        with gr.Row(elem_id="buttons"):
            self.start = gr.Button("Animate", variant="primary", size="lg", elem_id="animate")
            self.stop = gr.Button(
                "Cancel", size="lg", visible=False, min_width=100, elem_id="cancel"
            )
        self.status = gr.HTML(note(""), elem_id="status")

    @property
    def _outputs(self) -> list[Any]:
        return [self.screen, self.result, self.status, self.start, self.stop]

    def connect(self, form: Form) -> None:
        """Say what the buttons do with the fields of the form."""
        moment = gr.Number(visible=False)
        animation = self._connect_start(form, moment)
        self._connect_stop(moment, animation)
        self._add_endpoint(form)

    def _connect_start(self, form: Form, moment: gr.Number) -> Dependency:
        # In the browser, at once: a job may have to wait, and can be cancelled meanwhile.
        self.start.click(None, None, [self.status, self.start, self.stop], js=_WAITING, **_HIDDEN)
        animation = self.start.click(
            self._animate,
            [*form, moment],
            self._outputs,
            js="(...fields) => [...fields.slice(0, -1), Date.now()]",
            preprocess=False,
            show_progress="minimal",
            show_progress_on=[self.status],
            concurrency_limit=self._services.settings.concurrency,
            concurrency_id=JOBS,
            api_visibility="private",
        )
        animation.failure(self._failed, [self.status], self._outputs, queue=False, **_HIDDEN)
        return animation

    def _connect_stop(self, moment: gr.Number, animation: Dependency) -> None:
        self.stop.click(None, None, [self.status], js=_CANCELLED, **_HIDDEN)
        self.stop.click(
            self._cancel,
            [moment],
            self._outputs,
            js="() => [Date.now()]",
            cancels=[animation],
            queue=False,
            **_HIDDEN,
        )

    def _add_endpoint(self, form: Form) -> None:
        gr.Button(visible=False).click(
            self.animate,
            inputs_kwargs=form._asdict(),
            outputs=gr.Video(visible=False, label="animation"),
            preprocess=False,
            concurrency_limit=self._services.settings.concurrency,
            concurrency_id=JOBS,
            api_name="animate",
            api_description=_ENDPOINT,
        )

    async def animate(self, request: gr.Request, **fields: Any) -> str:
        """Animate for a program: :data:`_ENDPOINT`, with the fields of the form as parameters."""
        with user_errors():
            job = self._begin(request, Form(**fields))
        try:
            while not await job.wait(1.0):
                pass
            with user_errors():
                return str(self._keep(request, job.result()).video)
        finally:
            job.cancel()

    async def _animate(self, request: gr.Request, *fields: Any) -> AsyncIterator[dict[Any, Any]]:
        """Animate with a preview; every step says what the page shows from then on."""
        *values, moment = fields
        with user_errors():
            job = self._begin(request, Form(*values), _milliseconds(moment))
        try:
            yield self._running(job)
            while not await job.wait(_PREVIEW_SECONDS):
                yield self._running(job)
            try:
                result = self._keep(request, job.result())
            except JobCancelledError:
                yield self._idle(_CANCEL_TEXT)
            except Exception as error:
                yield self._idle("")
                raise toast(error) from error
            else:
                yield self._finished(result)
        finally:
            job.cancel()

    def _begin(
        self, request: gr.Request, form: Form, moment: float = math.inf
    ) -> Job[PublishedAnimation]:
        work = partial(self._services.animation.animate, read_request(form))
        return self._services.sessions.begin(session_of(request), work, moment)

    def _keep(self, request: gr.Request, result: PublishedAnimation) -> PublishedAnimation:
        self._services.sessions.keep(session_of(request), result.video)
        return result

    def _cancel(self, request: gr.Request, moment: Any) -> dict[Any, Any]:
        """Cancel at once; :meth:`_failed` gives the button back, when the browser is through.

        Until then Gradio would ignore a click on it.
        """
        self._services.sessions.cancel(session_of(request), _milliseconds(moment))
        return self._stopped(_CANCEL_TEXT)

    def _failed(self, status: str) -> dict[Any, Any]:
        """After an error, a cancellation, or where the queue is full: let the visitor try again.

        News of progress may still have come in after a cancellation; errors leave none.
        """
        cancelled = _CANCEL_TEXT in status or is_progress(status)
        return self._idle(_CANCEL_TEXT if cancelled else "")

    def _running(self, job: Job[PublishedAnimation]) -> dict[Any, Any]:
        return {
            self.screen: gr.update(value=preview(job.snapshot), visible=True),
            self.result: gr.update(value=None, visible=False),
            self.status: progress(job.snapshot),
            self.start: gr.update(interactive=False),
            self.stop: gr.update(visible=True),
        }

    def _idle(self, text: str) -> dict[Any, Any]:
        return {**self._stopped(text), self.start: gr.update(interactive=True)}

    def _stopped(self, text: str) -> dict[Any, Any]:
        return {
            self.screen: gr.update(value=splash_note(_WELCOME), visible=True),
            self.result: gr.update(value=None, visible=False),
            self.status: note(text),
            self.stop: gr.update(visible=False),
        }

    def _finished(self, result: PublishedAnimation) -> dict[Any, Any]:
        frames, seconds = result.result.frames, result.result.seconds
        speed = frames / max(seconds, 1e-9)
        figures = f"{frames} frames in {seconds:.1f} s, {speed:.0f} frames/s."
        return {
            self.screen: gr.update(visible=False),
            self.result: gr.update(value=str(result.video), visible=True),
            self.status: note(f"Done: {figures} {result.notice}".strip(), "done"),
            self.start: gr.update(interactive=True),
            self.stop: gr.update(visible=False),
        }


def _milliseconds(moment: Any) -> float:
    """Moment when a button was pressed, by the page's clock."""
    return float(moment) if isinstance(moment, int | float) else math.inf


def session_of(request: gr.Request) -> str:
    """Identify an open page, or a program's connection."""
    return request.session_hash or "anonymous"
