"""Image sheets: what the networks make of a few samples of the present batch."""

from __future__ import annotations

from pathlib import Path

from fomm_core.config import VisualizerParams
from fomm_core.image import ByteArray, to_uint8, write_image
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_core.visualize import Caption, Sheet, draw_keypoints
from fomm_core.visualize.dots import dot_radius
from fomm_train.data.batch import Batch
from fomm_train.graph.forward import Predictions

_MOST_SAMPLES = 8


def write_sheet(path: Path, batch: Batch, found: Predictions, style: VisualizerParams) -> None:
    """Write a sheet of the samples that the last step trained on.

    Each row shows source, driving and generated frame, where it differs the target, and the
    detected keypoints of source and driving frame.

    Raises:
        OutputError: it cannot be written.
    """
    write_image(path, make_sheet(batch, found, style))


def make_sheet(batch: Batch, found: Predictions, style: VisualizerParams) -> ByteArray:
    """Draw a sheet; see :func:`write_sheet`."""
    crosses = batch.target is not batch.driving
    names = ["source", "driving", "generated", *(["target"] if crosses else []), "", ""]
    rows = []
    for i in range(min(_MOST_SAMPLES, len(batch))):
        source, driving = to_uint8(batch.source[i]), to_uint8(batch.driving[i])
        rows.append(
            [
                source,
                driving,
                to_uint8(found.frames[i]),
                *([to_uint8(batch.target[i])] if crosses else []),
                _dotted(source, found.kp_source[i], style),
                _dotted(driving, found.kp_driving[i], style),
            ]
        )
    captions = [[Caption(name) for name in names], *([Caption("")] * len(names) for _ in rows[1:])]
    height, width = batch.source.shape[2:]
    return Sheet(captions, (height, width), style.draw_border).compose(rows)


def _dotted(image: ByteArray, value: FloatArray, style: VisualizerParams) -> ByteArray:
    radius = dot_radius(image.shape[:2], style.kp_size)
    return draw_keypoints(image, Keypoints(value), colormap=style.colormap, radius=radius)
