"""The tab where the picture follows a webcam: choice of pictures, and the live page in a frame."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any, get_args

import gradio as gr

from fomm_core.errors import FommError
from fomm_core.motion.transfer import MotionMode
from fomm_core.pipeline.options import AnimationOptions
from fomm_demo.examples import PICTURES
from fomm_demo.page.animate_tab import session_of
from fomm_demo.page.controls import section
from fomm_demo.page.forms import Form, file_of, read_choice, read_crop
from fomm_demo.page.html import splash_note
from fomm_demo.page.toasts import message_of
from fomm_demo.services.app import AppServices
from fomm_demo.services.live import MOST_SOURCES, LiveRequest

_HINT = (
    "The picture chosen under *Animate* follows your face. Look straight ahead while it counts "
    "down: the calmest moment is taken for the picture's own pose."
)
_CHOOSE = "Choose a picture under Animate first."


class LiveTab:
    """The live page, for the picture of the form and others beside it.

    Args:
        services: what animates.
        tab: that is shown when the live page is wanted.
    """

    def __init__(self, services: AppServices, tab: gr.Tab) -> None:
        self._services = services
        self._tab = tab
        gr.Markdown(_HINT, elem_classes="fd-hint")
        self.view = gr.HTML(splash_note(_CHOOSE), elem_id="live")
        with section("More pictures to switch to"):
            self.more = gr.File(
                label="More pictures",
                file_count="multiple",
                file_types=["image"],
                elem_id="more-pictures",
            )
        self.samples = gr.Checkbox(
            value=True, label="Offer the samples as well", elem_id="live-samples"
        )

    def connect(self, form: Form) -> None:
        """Open the live page when the tab is chosen, and anew for other pictures."""
        gr.on(
            [self._tab.select, self.more.change, self.samples.change],
            self._open,
            [
                form.source,
                self.more,
                self.samples,
                form.model,
                form.movement,
                form.face,
                form.square,
                form.paste_back,
            ],
            [self.view],
            preprocess=False,
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )

    def _open(
        self,
        request: gr.Request,
        source: Any,
        more: Any,
        samples: Any,
        model: Any,
        movement: Any,
        face: Any,
        square: Any,
        paste_back: Any,
    ) -> str:
        """Show the live page for these pictures."""
        try:
            sources = _sources(source, more, bool(samples))
            if not sources:
                return splash_note(_CHOOSE)
            options = read_live_options(movement, face, square, paste_back)
            wanted = LiveRequest(sources, str(model), options)
            room = self._services.live.open(session_of(request), wanted)
        except FommError as error:
            return splash_note(f"{message_of(error)[1]}.")
        address = f"{self._services.settings.root_path}/live#ticket={room.ticket}"
        return (
            f'<iframe class="fd-live" src="{escape(address)}" title="live picture" '
            'allow="camera; fullscreen"></iframe>'
        )


def read_live_options(movement: Any, face: Any, square: Any, paste_back: Any) -> AnimationOptions:
    """Read those fields of the form that count for a live picture.

    Raises:
        FommError: one of them is not one of its choices; the message is for visitors.
    """
    return replace(
        read_crop(face, square),
        motion=read_choice("movement", movement, get_args(MotionMode)),
        adapt_scale=True,
        paste_back=None if paste_back else False,
    )


def _sources(source: Any, more: Any, samples: bool) -> tuple[Path, ...]:
    """The picture of the form, further ones, and the samples, as many as there are keys."""
    first = file_of(source)
    others = [file_of(each) for each in (more if isinstance(more, list) else [more])]
    chosen = [path for path in (first, *others) if path is not None]
    if chosen and samples:
        names = {path.name for path in chosen}
        chosen += [path for path in PICTURES if path.name not in names]
    return tuple(dict.fromkeys(chosen))[:MOST_SOURCES]
