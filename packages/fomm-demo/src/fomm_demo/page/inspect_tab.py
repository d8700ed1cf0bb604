"""The tab that shows what happens inside: keypoints, maps, masks and the paths of keypoints."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import gradio as gr
import numpy as np

from fomm_core.animator import AnimatedFrame, Frame
from fomm_core.pipeline.run import ProgressCallback
from fomm_core.visualize import draw_keypoints, keypoint_colors
from fomm_core.visualize.maps import grey, heat, picture
from fomm_demo.page.animate_tab import JOBS, session_of
from fomm_demo.page.controls import section
from fomm_demo.page.forms import Form, read_request
from fomm_demo.page.html import Panel, note, panels, progress, splash_note
from fomm_demo.page.plots import path_plots
from fomm_demo.page.toasts import toast, user_errors
from fomm_demo.services.animation import AnimationRequest
from fomm_demo.services.app import AppServices
from fomm_demo.services.inspection import Inspection, inspect
from fomm_demo.services.jobs import JobCancelledError
from fomm_demo.services.workspace import Workspace

_GROUND = np.array([24, 24, 28], np.float32)
_BACKGROUND = np.array([235, 235, 235], np.float32)
_HINT = (
    "See how the animation comes about. This looks at the picture, the video and the options "
    "that are chosen under *Animate*."
)
_WELCOME = "Keypoints, inner maps and paths will appear here."


class InspectTab:
    """A button that looks inside, and what it finds.

    Args:
        services: what carries out the requests.
    """

    def __init__(self, services: AppServices) -> None:
        self._services = services
        gr.Markdown(_HINT, elem_classes="fd-hint")
        with gr.Row():
            self.look = gr.Button(
                "Look inside", variant="primary", scale=0, min_width=150, elem_id="look"
            )
            self.save = gr.DownloadButton(
                "Save this motion", visible=False, scale=0, min_width=150, elem_id="save-motion"
            )
        self.status = gr.HTML(splash_note(_WELCOME), elem_id="inspect-status")
        with gr.Column(visible=False) as self.findings:
            self.index = gr.Slider(0, 1, 0, step=1, label="Frame", elem_id="frame")
            self.frame = gr.HTML(elem_id="panels")
            with section("Masks: which keypoint moves which part"):
                self.masks = gr.HTML(elem_id="masks")
            gr.Markdown("#### Paths of the keypoints through the video")
            self.paths = gr.HTML(elem_id="paths")

    def connect(self, form: Form) -> None:
        """Say what the buttons do with the fields of the form."""
        views = [self.frame, self.masks, self.paths]
        self.look.click(
            self._look,
            [*form],
            [self.status, self.look, self.save, self.findings, self.index, *views],
            preprocess=False,
            show_progress="hidden",
            concurrency_limit=self._services.settings.concurrency,
            concurrency_id=JOBS,
            api_visibility="private",
        )
        self.index.change(
            self._show,
            [self.index],
            views,
            show_progress="hidden",
            trigger_mode="always_last",
            concurrency_limit=self._services.settings.concurrency,
            api_visibility="private",
        )

    async def _look(self, request: gr.Request, *fields: Any) -> AsyncIterator[dict[Any, Any]]:
        """Look through the animation, then show its first frame."""
        session = session_of(request)
        with user_errors():
            wanted = read_request(Form(*fields))
        work = partial(_examined, self._services, session, wanted)
        job = self._services.sessions.begin(session, work)
        try:
            while not await job.wait(0.15):
                yield {self.status: progress(job.snapshot), self.look: _usable(False)}
            yield {self.status: note(""), self.look: _usable(True)}
            yield self._found(*job.result())
        except JobCancelledError:
            yield {self.status: note("Cancelled.")}
        except Exception as error:
            raise toast(error) from error
        finally:
            job.cancel()

    def _found(self, inspection: Inspection, saved: str) -> dict[Any, Any]:
        last = len(inspection.motion) - 1
        text = inspection.notice or "Move the slider to look at other frames."
        return {
            self.status: note(text),
            self.look: _usable(True),
            self.save: gr.update(value=saved, visible=True),
            self.findings: gr.update(visible=True),
            self.index: gr.update(value=0, maximum=max(1, last)),
            **dict(zip((self.frame, self.masks, self.paths), _views(inspection, 0), strict=True)),
        }

    def _show(self, index: float, request: gr.Request) -> tuple[str, str, str]:
        """Show another frame of what the page looks into."""
        with user_errors():
            inspection = self._services.inspections.get(session_of(request))
            if inspection is None:
                raise gr.Error("Press Look inside once more.", title="That was a while ago")
            return _views(inspection, int(index))


def _usable(usable: bool) -> Any:
    return gr.update(interactive=usable)


def _examined(
    services: AppServices, session: str, request: AnimationRequest, on_progress: ProgressCallback
) -> tuple[Inspection, str]:
    """Inspect, and keep what was found for the slider and for saving."""
    inspection = inspect(services.animation, request, on_progress)
    services.inspections.put(session, inspection)
    saved = _saved_motion(services.workspace, inspection)
    return inspection, str(services.sessions.keep(session, saved))


def _saved_motion(workspace: Workspace, inspection: Inspection) -> Any:
    with workspace.job_folder() as folder:
        path = folder / "motion.npz"
        inspection.motion.save(path)
        return workspace.publish(path, "motion.npz")


def _views(inspection: Inspection, index: int) -> tuple[str, str, str]:
    """The panels, the masks and the paths at one frame."""
    frame = inspection.frame(index)
    return (
        panels(list(_panels(inspection, frame))),
        panels(list(_masks(frame)), small=True),
        path_plots(inspection.motion, frame.index),
    )


def _panels(inspection: Inspection, frame: AnimatedFrame) -> Iterator[Panel]:
    animator, maps = inspection.animator, frame.diagnostics
    size = (animator.source.shape[0], animator.source.shape[1])
    yield Panel("Picture, with its keypoints", draw_keypoints(animator.source, animator.kp_source))
    ground = frame.driving if frame.driving is not None else _dark(size)
    yield Panel("Video frame, with its keypoints", draw_keypoints(ground, frame.keypoints_driving))
    if maps is not None:
        yield Panel("Picture, bent into the new pose", picture(maps.deformed, size))
        if maps.occlusion_map is not None:
            yield Panel("What stays visible (white)", grey(maps.occlusion_map[0], size))
    yield Panel("Result, with its keypoints", draw_keypoints(frame.prediction, frame.keypoints))
    yield Panel("Result", frame.prediction)


def _masks(frame: AnimatedFrame) -> Iterator[Panel]:
    if frame.diagnostics is None:
        return
    mask = frame.diagnostics.mask
    size = (4 * mask.shape[1], 4 * mask.shape[2])
    colors = np.vstack([_BACKGROUND, keypoint_colors(len(mask) - 1)])
    for number, (plane, color) in enumerate(zip(mask, colors, strict=True)):
        caption = f"Keypoint {number - 1}" if number else "Background"
        yield Panel(caption, heat(plane, color, _GROUND, size))


def _dark(size: tuple[int, int]) -> Frame:
    return np.full((*size, 3), _GROUND, np.uint8)
