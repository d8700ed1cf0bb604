"""The errors that a user can cause, as one tree.

Every message is a single line that says what was expected, what was found and,
where it helps, what to do. The command line prints it and exits with code 2;
anything that is not a :class:`FommError` is a defect of the program.
"""

from __future__ import annotations


class FommError(Exception):
    """Root of all errors that come from input, settings or surroundings."""


class ConfigError(FommError):
    """A configuration that cannot work; the message names the key."""


class ParameterError(FommError):
    """Network parameters that are unreadable or do not fit the configuration."""


class ModelError(FommError):
    """A model (bundle, hub entry, exported graph) that is missing or damaged."""


class DownloadError(ModelError):
    """A model file that could not be fetched or failed its verification."""


class EngineError(FommError):
    """An engine that is unknown, not installed, or cannot run the request."""


class DeviceError(FommError):
    """A device that fails, or has too little memory, while it computes."""


class ExportError(FommError):
    """A graph that cannot be exported, or whose export is not equal to it."""


class MediaError(FommError):
    """An image or video that cannot be read."""


class BrokenMediaError(MediaError):
    """A video that breaks off after some frames were read.

    Attributes:
        frames_read: number of frames delivered before the damage.
    """

    def __init__(self, message: str, frames_read: int) -> None:
        super().__init__(message)
        self.frames_read = frames_read


class CameraError(FommError):
    """A camera, or a virtual one, that is not there, in use, or not to be opened."""


class FaceError(FommError):
    """A face that is not there or too small, or faces that cannot be looked for."""


class OutputError(FommError):
    """A result that cannot be written (folder, permissions, full disk)."""


class MotionError(FommError):
    """A motion that cannot be computed or a motion template that cannot be read."""


class DistributedError(FommError):
    """Error that all ranks of a distributed run raise alike, so that one of them tells it."""
