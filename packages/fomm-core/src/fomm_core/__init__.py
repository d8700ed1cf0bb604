"""fomm-core: animate a picture with a video (First Order Motion Model).

    from fomm_core import Animator, VideoReader, load_model, read_image

    animator = Animator(load_model("face"), read_image("source.png"))
    for frame in animator.run(VideoReader("driving.mp4")):
        frame.prediction  # (H, W, 3) uint8, RGB

or all of it, from files to a file, with sound:

    from fomm_core import AnimationOptions, animate_file

    animate_file("source.png", "driving.mp4", "result.mp4", AnimationOptions(smooth=True))

The names below are the public ones; they are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fomm_core._version import __version__
from fomm_core.utils.lazy import import_name

if TYPE_CHECKING:
    from fomm_core.animator import AnimatedFrame, Animator
    from fomm_core.config import Config, load_config
    from fomm_core.engine.base import Diagnostics, Engine, Rendering, SourceFeatures
    from fomm_core.errors import FommError
    from fomm_core.image import read_image, write_image
    from fomm_core.loading import Model, load_model
    from fomm_core.motion.keypoints import Keypoints
    from fomm_core.motion.smoothing import OneEuroFilter
    from fomm_core.motion.template import MotionTemplate
    from fomm_core.motion.transfer import MotionMode, MotionTransfer
    from fomm_core.pipeline.options import AnimationOptions
    from fomm_core.pipeline.run import AnimationResult, animate_file
    from fomm_core.video import VideoReader, VideoWriter

_HOME = {
    "AnimatedFrame": "animator",
    "AnimationOptions": "pipeline.options",
    "AnimationResult": "pipeline.run",
    "Animator": "animator",
    "Config": "config",
    "Diagnostics": "engine.base",
    "Engine": "engine.base",
    "FommError": "errors",
    "Keypoints": "motion.keypoints",
    "Model": "loading",
    "MotionMode": "motion.transfer",
    "MotionTemplate": "motion.template",
    "MotionTransfer": "motion.transfer",
    "OneEuroFilter": "motion.smoothing",
    "Rendering": "engine.base",
    "SourceFeatures": "engine.base",
    "VideoReader": "video",
    "VideoWriter": "video",
    "animate_file": "pipeline.run",
    "load_config": "config",
    "load_model": "loading",
    "read_image": "image",
    "write_image": "image",
}

__all__ = [
    "AnimatedFrame",
    "AnimationOptions",
    "AnimationResult",
    "Animator",
    "Config",
    "Diagnostics",
    "Engine",
    "FommError",
    "Keypoints",
    "Model",
    "MotionMode",
    "MotionTemplate",
    "MotionTransfer",
    "OneEuroFilter",
    "Rendering",
    "SourceFeatures",
    "VideoReader",
    "VideoWriter",
    "__version__",
    "animate_file",
    "load_config",
    "load_model",
    "read_image",
    "write_image",
]


def __getattr__(name: str) -> Any:
    return import_name(__name__, _HOME, name)


def __dir__() -> list[str]:
    return sorted(__all__)
