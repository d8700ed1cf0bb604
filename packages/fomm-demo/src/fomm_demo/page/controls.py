"""The form: the picture, the video, the model and the options."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from fomm_demo.examples import CLIPS, PICTURES
from fomm_demo.page.html import card_text
from fomm_demo.services.app import AppServices

_CLOSED: Any = 0
"""Closed, but not ``False``: the fields of such an accordion Gradio renders when it is opened, and
a moment later sets them to their first values, over what was typed meanwhile."""


def section(label: str, elem_id: str | None = None) -> gr.Accordion:
    """A part of the page that is closed at first; its fields come with the page."""
    return gr.Accordion(label, open=_CLOSED, elem_id=elem_id)


def camera(width: int, height: int) -> gr.WebcamOptions:
    """A camera that is asked for pictures of about this size, which are not mirrored."""
    options = {"video": {"width": {"ideal": width}, "height": {"ideal": height}}}
    return gr.WebcamOptions(mirror=False, constraints=options)


def add_model_picker(services: AppServices) -> gr.Dropdown:
    """The list of models and the card of the one that is chosen."""
    models = services.models
    with section("Model", "model-section"):
        model = gr.Dropdown(
            choices=list(models.names),
            value=models.names[0],
            label="Model",
            show_label=False,
            container=False,
            interactive=len(models.names) > 1,
            elem_id="model",
        )
        card = gr.HTML(card_text(models.info(models.names[0])))

    def show(name: Any) -> str:
        return card_text(models.info(name)) if name in models.names else ""

    model.change(show, model, card, preprocess=False, queue=False, api_visibility="private")
    return model


def add_source() -> gr.Image:
    """The picture, with examples, of which the first is chosen."""
    source = gr.Image(
        str(PICTURES[0]),
        label="Picture",
        sources=["upload", "webcam", "clipboard"],
        type="filepath",
        height=300,
        webcam_options=camera(960, 720),
        buttons=["fullscreen"],
        elem_id="source",
    )
    gr.Examples(
        [[str(path)] for path in PICTURES],
        [source],
        label="Or take one of these",
        api_visibility="private",
        elem_id="source-examples",
    )
    return source


def add_driving() -> tuple[gr.Video, gr.File]:
    """The driving video, with examples as of the picture, and a saved motion in its place."""
    driving = gr.Video(
        str(CLIPS[0]),
        label="Driving video",
        sources=["upload", "webcam"],
        height=300,
        webcam_options=camera(960, 720),
        buttons=[],
        elem_id="driving",
    )
    gr.Examples(
        [[str(path)] for path in CLIPS],
        [driving],
        label="Or take one of these",
        api_visibility="private",
        elem_id="driving-examples",
    )
    with section("Use a saved motion instead"):
        motion = gr.File(
            label="Saved motion (.npz)",
            file_types=[".npz"],
            height=150,
            elem_id="motion",
        )
    return driving, motion


def add_options(services: AppServices) -> dict[str, Component]:
    """The options in plain words, by the names of the form's fields."""
    with section("Options", "options"):
        return {
            **_add_motion(),
            **_add_frames(services),
            **_add_result(),
            **_add_part(),
        }


def _add_motion() -> dict[str, Component]:
    movement = gr.Radio(
        [("Move along with the video", "relative"), ("Copy its exact pose", "absolute")],
        value="relative",
        label="Movement",
        info="Moving along suits most: the video should begin in a pose like the picture's.",
    )
    adapt = gr.Checkbox(
        value=True,
        label="Adapt to the size of the face",
        info="Small movements for a small face, large ones for a large one.",
    )
    best = gr.Checkbox(
        value=False,
        label="Start from the most similar moment",
        info="Looks through the video for the pose nearest to the picture's. Takes longer.",
    )
    smooth = gr.Checkbox(value=False, label="Smooth out trembling")
    return {"movement": movement, "adapt_scale": adapt, "find_best_frame": best, "smooth": smooth}


def _add_frames(services: AppServices) -> dict[str, Component]:
    fit = gr.Radio(
        [("Cut the edges", "crop"), ("Add black bars", "pad"), ("Squeeze", "stretch")],
        value="crop",
        label="If the picture is not square",
    )
    quality = gr.Radio(
        [("Exact", "exact"), ("Fast, a little less exact", "fast")],
        value="exact",
        label="Quality",
        visible=services.models.has_fast(),
    )
    return {"fit": fit, "quality": quality}


def _add_result() -> dict[str, Component]:
    view = gr.Radio(
        [
            ("The animation alone", "generated"),
            ("Picture, video and animation side by side", "default"),
        ],
        value="generated",
        label="The result shows",
    )
    paste_back = gr.Checkbox(
        value=True,
        label="Show the whole picture",
        info="Not only the square around the face. For the animation alone.",
    )
    audio = gr.Checkbox(value=True, label="Keep the sound of the video")
    return {"view": view, "paste_back": paste_back, "audio": audio}


def _add_part() -> dict[str, Component]:
    with gr.Row():
        start = gr.Number(0, label="Begin at (seconds)", minimum=0, min_width=120)
        end = gr.Number(0, label="Stop at (seconds; 0: the end)", minimum=0, min_width=120)
    return {"start": start, "end": end}
