"""The tab where the picture follows a webcam."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import gradio as gr

from fomm_core.animator import Frame
from fomm_core.errors import FommError, MediaError
from fomm_core.image import to_rgb
from fomm_core.motion.transfer import MotionMode
from fomm_core.pipeline.options import AnimationOptions
from fomm_demo.page.animate_tab import session_of
from fomm_demo.page.controls import camera
from fomm_demo.page.forms import Form, file_of, read_crop
from fomm_demo.page.html import live_view, splash_note
from fomm_demo.page.toasts import message_of, user_errors
from fomm_demo.services.app import AppServices
from fomm_demo.services.live import LiveOptions

_HINT = (
    "The picture chosen under *Animate* follows your face. Look straight ahead when you start "
    "the camera: that pose is taken for the picture's own, and the camera's frames are cropped to "
    "where your face is then."
)
_WAITING = "Start the camera and press Record: the picture follows you here."
_FRAME_SECONDS = 0.06
_LONGEST_SECONDS = 900
_MOST_LIVE = 8
_FORMATS = ("JPEG", "PNG", "WEBP")


class LiveTab:
    """A webcam, and the picture that follows it.

    Args:
        services: what animates.
    """

    def __init__(self, services: AppServices) -> None:
        self._services = services
        gr.Markdown(_HINT, elem_classes="fd-hint")
        with gr.Row():
            with gr.Column(min_width=280):
                self.camera = gr.Image(
                    label="Your camera",
                    sources=["webcam"],
                    streaming=True,
                    height=360,
                    webcam_options=camera(320, 240),
                    elem_id="camera",
                )
                self.again = gr.Button("Take my pose now as the beginning", elem_id="again")
            with gr.Column(min_width=280):
                self.view = gr.HTML(splash_note(_WAITING), elem_id="live")

    def connect(self, form: Form) -> None:
        """Say which picture follows the camera, and how."""
        self.camera.stream(
            self._follow,
            [self.camera, form.source, form.model, form.movement, form.face, form.square],
            [self.view],
            preprocess=False,
            show_progress="hidden",
            stream_every=_FRAME_SECONDS,
            time_limit=_LONGEST_SECONDS,
            concurrency_limit=_MOST_LIVE,
            concurrency_id="live",
            api_visibility="private",
        )
        self.again.click(
            self._reset, None, None, queue=False, show_progress="hidden", api_visibility="private"
        )

    def _follow(
        self,
        request: gr.Request,
        shot: Any,
        source: Any,
        model: Any,
        motion: Any,
        face: Any,
        square: Any,
    ) -> str:
        """Animate one frame of the camera."""
        # What is missing is said in the view: a toast for each frame would be a flood.
        try:
            picture = file_of(source)
            if picture is None:
                return splash_note("Choose a picture under Animate first.")
            options = _live_options(picture, model, motion, read_crop(face, square))
            frame = decode_shot(shot, self._services.settings.limits.pixels)
            return live_view(self._services.live.follow(session_of(request), options, frame))
        except Exception as error:  # noqa: BLE001 - told, and the next frame begins anew
            return splash_note(f"{message_of(error)[1]}.")

    def _reset(self, request: gr.Request) -> None:
        with user_errors():
            self._services.live.reset(session_of(request))


def _live_options(picture: Path, model: Any, motion: Any, crop: AnimationOptions) -> LiveOptions:
    if motion not in get_args(MotionMode):
        raise FommError("movement: expected one of the choices")
    return LiveOptions(picture, str(model), replace(crop, motion=motion))


def decode_shot(value: Any, most_pixels: int) -> Frame:
    """Decode a frame that a browser sends inside its message, as a data address.

    Args:
        value: what the component sends.
        most_pixels: width times height at most; checked before decoding.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        MediaError: there is no picture in it, or one too large.
    """
    from PIL import Image

    address = value.get("url") if isinstance(value, dict) else None
    if not isinstance(address, str) or not address.startswith("data:image/"):
        raise MediaError("the camera sent no picture")
    try:
        data = base64.b64decode(address.partition(",")[2], validate=True)
        with Image.open(BytesIO(data), formats=_FORMATS) as picture:
            if picture.width * picture.height > most_pixels:
                raise MediaError("the camera's pictures are too large")
            return to_rgb(picture, "camera")
    except (binascii.Error, OSError, ValueError, SyntaxError) as error:
        raise MediaError("the camera sent a damaged picture") from error
    except Image.DecompressionBombError as error:
        raise MediaError("the camera's pictures are too large") from error
