"""The page as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.state_holder import SessionState

from fomm_demo.examples import EXAMPLE_FILES
from fomm_demo.page.animate_tab import AnimateTab, session_of
from fomm_demo.page.controls import (
    add_driving,
    add_model_picker,
    add_options,
    add_source,
)
from fomm_demo.page.faces import FaceChooser
from fomm_demo.page.forms import Form, check_files
from fomm_demo.page.inspect_tab import InspectTab
from fomm_demo.page.live_tab import LiveTab
from fomm_demo.page.toasts import user_errors
from fomm_demo.services.app import AppServices

_TITLE = (
    '<div class="fd-title"><h1>Make a picture move</h1>'
    "<p>Choose a portrait and a video: the portrait moves as the person in the video does.</p>"
    "</div>"
)


class Page(gr.Blocks):
    """Gradio's blocks, which look at no file but uploads and examples.

    Gradio would copy any file, or fetch any address, that a crafted request names.

    Args:
        services: the services behind the page.
    """

    def __init__(self, services: AppServices) -> None:
        self._services = services
        super().__init__(title="First Order Motion", analytics_enabled=False)

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        """Check the files of an event before anything is done with them.

        Programs that send the values of an older endpoint get the usual ones for those that
        came since, which stand at the end.
        """
        with user_errors():
            check_files(inputs, self._may_read)
        if block_fn.api_name == "animate":
            since = block_fn.inputs[len(inputs) :]
            inputs = [*inputs, *(getattr(field, "value", None) for field in since)]
        processed: list[Any] = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        return processed

    def _may_read(self, path: Path) -> bool:
        return self._services.workspace.holds(path) or path.resolve() in EXAMPLE_FILES


def build_page(services: AppServices) -> gr.Blocks:
    """Build the page, and connect it with the services behind it."""
    page = Page(services)
    with page:
        gr.HTML(_TITLE)
        with gr.Tabs():
            with gr.Tab("Animate", id="animate"):
                form, animate = _animate_tab(services)
            with gr.Tab("Look inside", id="inspect"):
                inspect = InspectTab(services)
            with gr.Tab("Live", id="live") as tab:
                live = LiveTab(services, tab)
        for tab in (animate, inspect, live):
            tab.connect(form)
        page.unload(_leaver(services))
    return page


def _animate_tab(services: AppServices) -> tuple[Form, AnimateTab]:
    animate = AnimateTab(services)
    with gr.Row():
        with gr.Column(scale=3, min_width=300):
            with gr.Row():
                with gr.Column(min_width=240):
                    source = add_source()
                    faces = FaceChooser(services)
                with gr.Column(min_width=240):
                    driving, motion = add_driving()
            options = add_options(services)
            model = add_model_picker(services)
        with gr.Column(scale=2, min_width=300):
            animate.add_result()
    faces.connect(source, model)
    fields = {**options, "face": faces.face, "square": faces.square}
    return Form(source, driving, motion, model, **fields), animate


def _leaver(services: AppServices) -> Any:
    def leave(request: gr.Request) -> None:
        services.leave(session_of(request))

    return leave
