"""fomm-core: animate a picture with a video (First Order Motion Model).

    from fomm_core import Animator, VideoReader, load_model, read_image

    animator = Animator(load_model("face"), read_image("source.png"))
    for frame in animator.run(VideoReader("driving.mp4")):
        frame.prediction  # (H, W, 3) uint8, RGB

or all of it, from files to a file, with sound:

    from fomm_core import AnimationOptions, animate_file

    animate_file("source.png", "driving.mp4", "result.mp4", AnimationOptions(smooth=True))

The names below are the public ones; they are imported on first use. ``available_models`` and
``available_engines`` tell what there is, ``FommError`` is the root of all errors that have their
cause outside of the program, and ``FakeEngine`` stands in for networks in tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fomm_core._version import __version__
from fomm_core.utils.lazy import import_name

if TYPE_CHECKING:
    from fomm_core.animator import AnimatedFrame, Animator
    from fomm_core.config import Config, load_config
    from fomm_core.engine.base import Diagnostics, Engine, Rendering, SourceFeatures
    from fomm_core.engine.fake import FakeEngine
    from fomm_core.engine.registry import available_engines
    from fomm_core.engine.spec import EngineChoice, EngineSpec, EngineStatus
    from fomm_core.errors import (
        BrokenMediaError,
        CameraError,
        ConfigError,
        DeviceError,
        DistributedError,
        DownloadError,
        EngineError,
        ExportError,
        FaceError,
        FommError,
        MediaError,
        ModelError,
        MotionError,
        OutputError,
        ParameterError,
    )
    from fomm_core.face.crop import Crop
    from fomm_core.image import read_image, write_image
    from fomm_core.loading import Model, load_model
    from fomm_core.model.listing import ModelInfo, available_models
    from fomm_core.model.samples import SAMPLE_CLIPS, SAMPLE_PICTURES
    from fomm_core.motion.keypoints import Keypoints
    from fomm_core.motion.smoothing import OneEuroFilter
    from fomm_core.motion.template import MotionTemplate
    from fomm_core.motion.transfer import MotionMode, MotionTransfer
    from fomm_core.pipeline.options import AnimationOptions
    from fomm_core.pipeline.run import AnimationResult, Progress, animate_file
    from fomm_core.video import VideoInfo, VideoReader, VideoWriter, probe

_HOME = {
    "AnimatedFrame": "animator",
    "AnimationOptions": "pipeline.options",
    "AnimationResult": "pipeline.run",
    "Animator": "animator",
    "BrokenMediaError": "errors",
    "CameraError": "errors",
    "Config": "config",
    "ConfigError": "errors",
    "Crop": "face.crop",
    "DeviceError": "errors",
    "Diagnostics": "engine.base",
    "DistributedError": "errors",
    "DownloadError": "errors",
    "Engine": "engine.base",
    "EngineChoice": "engine.spec",
    "EngineError": "errors",
    "EngineSpec": "engine.spec",
    "EngineStatus": "engine.spec",
    "ExportError": "errors",
    "FaceError": "errors",
    "FakeEngine": "engine.fake",
    "FommError": "errors",
    "Keypoints": "motion.keypoints",
    "MediaError": "errors",
    "Model": "loading",
    "ModelError": "errors",
    "ModelInfo": "model.listing",
    "MotionError": "errors",
    "MotionMode": "motion.transfer",
    "MotionTemplate": "motion.template",
    "MotionTransfer": "motion.transfer",
    "OneEuroFilter": "motion.smoothing",
    "OutputError": "errors",
    "ParameterError": "errors",
    "Progress": "pipeline.run",
    "Rendering": "engine.base",
    "SAMPLE_CLIPS": "model.samples",
    "SAMPLE_PICTURES": "model.samples",
    "SourceFeatures": "engine.base",
    "VideoInfo": "video",
    "VideoReader": "video",
    "VideoWriter": "video",
    "animate_file": "pipeline.run",
    "available_engines": "engine.registry",
    "available_models": "model.listing",
    "load_config": "config",
    "load_model": "loading",
    "probe": "video",
    "read_image": "image",
    "write_image": "image",
}

__all__ = [
    "SAMPLE_CLIPS",
    "SAMPLE_PICTURES",
    "AnimatedFrame",
    "AnimationOptions",
    "AnimationResult",
    "Animator",
    "BrokenMediaError",
    "CameraError",
    "Config",
    "ConfigError",
    "Crop",
    "DeviceError",
    "Diagnostics",
    "DistributedError",
    "DownloadError",
    "Engine",
    "EngineChoice",
    "EngineError",
    "EngineSpec",
    "EngineStatus",
    "ExportError",
    "FaceError",
    "FakeEngine",
    "FommError",
    "Keypoints",
    "MediaError",
    "Model",
    "ModelError",
    "ModelInfo",
    "MotionError",
    "MotionMode",
    "MotionTemplate",
    "MotionTransfer",
    "OneEuroFilter",
    "OutputError",
    "ParameterError",
    "Progress",
    "Rendering",
    "SourceFeatures",
    "VideoInfo",
    "VideoReader",
    "VideoWriter",
    "__version__",
    "animate_file",
    "available_engines",
    "available_models",
    "load_config",
    "load_model",
    "probe",
    "read_image",
    "write_image",
]


def __getattr__(name: str) -> Any:
    return import_name(__name__, _HOME, name)


def __dir__() -> list[str]:
    return sorted(__all__)
