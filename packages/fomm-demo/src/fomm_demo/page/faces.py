"""The faces of the picture: shown on it, chosen, moved, or left aside."""

from __future__ import annotations

from typing import Any

import gradio as gr

from fomm_core.errors import FommError
from fomm_demo.page.forms import BY_HAND, NO_FACE, file_of
from fomm_demo.page.toasts import user_errors
from fomm_demo.services.app import AppServices
from fomm_demo.services.faces import FoundFaces, find_faces_of

_CHOICES = [("The largest", "largest"), ("All of them", "all"), (NO_FACE, "off")]
_MOVED = ("The square that was moved", BY_HAND)
_HINT = "Click on another face to choose it, or beside the faces to move the square there."


class FaceChooser:
    """The picture with its faces, below the picture itself.

    Args:
        services: what finds the faces.

    Attributes:
        face: what is animated: ``largest``, ``all``, ``off``, a number as text, or ``square``.
        square: ``left,top,side`` of a square that was moved by hand; empty for none.
    """

    def __init__(self, services: AppServices) -> None:
        self._services = services
        self._found = gr.State(None)
        with gr.Column(visible=False, elem_id="faces") as self._section:
            self._shown = gr.Image(
                label="Faces", interactive=False, buttons=[], height=260, elem_id="found"
            )
            gr.Markdown(_HINT, elem_classes="fd-hint")
            self.face = gr.Dropdown(_CHOICES, value="largest", label="Animate", elem_id="face")
        self.square = gr.Textbox("", visible=False, label="Square: left,top,side")

    def connect(self, source: gr.Image, model: gr.Dropdown) -> None:
        """Look for faces whenever another picture or model is chosen."""
        every = [self._found, self._section, self._shown, self.face, self.square]
        for component in (source, model):
            component.change(
                self._find,
                [source, model],
                every,
                preprocess=False,
                show_progress="hidden",
                trigger_mode="always_last",
                concurrency_limit=1,
                concurrency_id="faces",
                api_visibility="private",
            )
        self.face.input(
            self._choose,
            [self.face, self._found],
            [self._shown, self.face, self.square],
            show_progress="hidden",
            queue=False,
            api_visibility="private",
        )
        self._shown.select(
            self._point,
            [self._found],
            [self._shown, self.face, self.square],
            show_progress="hidden",
            queue=False,
            api_visibility="private",
        )

    def _find(self, source: Any, model: Any) -> dict[Any, Any]:
        with user_errors():
            found = self._found_in(source, model)
        return {
            self._found: found,
            self._section: gr.update(visible=found is not None),
            self._shown: None if found is None else found.drawn({found.largest}),
            self.face: gr.update(choices=_choices(found), value="largest"),
            self.square: "",
        }

    def _found_in(self, source: Any, model: Any) -> FoundFaces | None:
        picture = file_of(source)
        if picture is None or model not in self._services.models.names:
            return None
        try:
            return find_faces_of(self._services.animation, picture, model)
        except FommError:  # told when the picture is animated
            return None

    def _choose(self, face: str, found: FoundFaces | None) -> tuple[Any, Any, Any]:
        if found is None or face == BY_HAND:
            return gr.skip(), gr.skip(), gr.skip()
        return found.drawn(_chosen(face, found)), gr.update(choices=_choices(found)), ""

    def _point(self, found: FoundFaces | None, event: gr.SelectData) -> tuple[Any, Any, str]:
        """Choose the face at a point; where there is none, move the largest one's square."""
        if found is None:
            return gr.skip(), gr.skip(), ""
        x, y = event.index
        index = found.at(x, y)
        choices = _choices(found)
        if index is not None:
            return found.drawn({index}), gr.update(choices=choices, value=str(index + 1)), ""
        moved = found.moved(found.largest, x, y)
        by_hand = gr.update(choices=[_MOVED, *choices], value=BY_HAND)
        return moved.drawn({0}), by_hand, moved.squares[0].to_text()


def _choices(found: FoundFaces | None) -> list[tuple[str, str]]:
    """Choices of the list of faces: words, and the values that they stand for."""
    count = 0 if found is None else len(found.squares)
    return [*_CHOICES, *((f"Number {number}", str(number)) for number in range(1, count + 1))]


def _chosen(face: str, found: FoundFaces) -> set[int]:
    """Indices of the squares that a choice stands for."""
    if face == "all":
        return set(range(len(found.squares)))
    if face == "largest":
        return {found.largest}
    return {int(face) - 1} if face.isdecimal() else set()
