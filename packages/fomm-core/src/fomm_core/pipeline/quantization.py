"""An INT8 decoder for a model, calibrated on a clip that the model animates."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Literal

import numpy as np

from fomm_core.animator import Animator
from fomm_core.engine.openvino_ranges import DecoderRanges
from fomm_core.engine.spec import DEFAULT_DEVICE, EngineChoice
from fomm_core.errors import OutputError
from fomm_core.export.quantization import Range, quantizable, quantize
from fomm_core.graphs.onnx_graph import OnnxGraph
from fomm_core.image import ByteArray, to_network
from fomm_core.loading import start_model
from fomm_core.model.bundle import CARD_FILE, INT8_DECODER, Bundle, write_bundle
from fomm_core.model.files import ModelFiles
from fomm_core.motion.keypoints import Keypoints
from fomm_core.pipeline.driving import open_driving
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.prepare import prepare_source
from fomm_core.pipeline.run import Progress, ProgressCallback, ignore
from fomm_core.utils.paths import printable

FRAMES = 25
"""Most frames that are looked at, spread over the clip: more change the ranges little."""


@dataclass(frozen=True, eq=False)
class _Scene:
    """A source and the keypoints that it moves to."""

    animator: Animator
    moves: list[Keypoints]


def quantize_decoder(
    files: ModelFiles,
    bundle: Bundle,
    source: ByteArray,
    driving: Path,
    output: Path,
    on_progress: ProgressCallback = ignore,
) -> Bundle:
    """Write a model folder that has an INT8 decoder besides its own.

    Args:
        files: of the model.
        bundle: its folder.
        source: (H, W, 3) uint8, RGB, a picture to animate.
        driving: the clip to animate it with.
        output: the folder to write; the model's own is replaced.
        on_progress: called after each frame of the clip, and after each that is rendered to
            calibrate.

    Raises:
        FommError: one of its kinds, for whatever cannot be read, animated or written, and where
            the model's own folder holds files that are none of the model's.
    """
    if output.exists():
        _require_nothing_else(bundle)
    graph = OnnxGraph.load(bundle.graphs["decoder"])
    ranges = _ranges(files, bundle, graph, source, driving, on_progress)
    small, clip = quantize(graph, ranges), printable(driving.name)

    def fill(folder: Path) -> None:
        for name in bundle.card.files:
            shutil.copyfile(bundle.folder / name, folder / name)
        small.save(folder / INT8_DECODER, {"calibrated": clip})

    card = bundle.card.model_copy(update={"int8": f"calibrated on {clip}"})
    return write_bundle(output, card, fill, replace=True)


def _require_nothing_else(bundle: Bundle) -> None:
    """Refuse to replace a folder with what would be lost."""
    known = {CARD_FILE, *bundle.card.files}
    others = sorted(path.name for path in bundle.folder.iterdir() if path.name not in known)
    if others:
        raise OutputError(
            f"{bundle.folder}: expected the model's own files alone, found {others[0]}; move it "
            "away, or name a new folder by --output"
        )


def _ranges(
    files: ModelFiles,
    bundle: Bundle,
    graph: OnnxGraph,
    source: ByteArray,
    driving: Path,
    on_progress: ProgressCallback,
) -> dict[str, Range]:
    names = list(dict.fromkeys(node.input[0] for node in quantizable(graph)))
    scene = _animate(files, source, driving, on_progress)
    probe = DecoderRanges(
        bundle.graphs, names, to_network(scene.animator.source), scene.animator.kp_source
    )
    found = []
    for done, keypoints in enumerate(scene.moves, start=1):
        found.append(probe.render(keypoints))
        on_progress(Progress("calibrating", done, len(scene.moves)))
    means = {name: np.mean([each[name] for each in found], axis=0) for name in names}
    return {name: Range(float(low), float(high)) for name, (low, high) in means.items()}


def _animate(
    files: ModelFiles, source: ByteArray, driving: Path, on_progress: ProgressCallback
) -> _Scene:
    """The movements of a clip, as an animation of the source makes them."""
    options = AnimationOptions(view="generated")

    def tell(stage: Literal["finding", "recording"]) -> Callable[[int], None]:
        return lambda done: on_progress(Progress(stage, done, drive.frame_count))

    with start_model(files, EngineChoice("openvino", device=DEFAULT_DEVICE)) as model:
        prepared = prepare_source(model, source, options)
        animator = prepared.animators[0]
        drive = open_driving(driving)
        with closing(drive):
            if prepared.framer is not None:
                drive = drive.cropped(prepared.framer, tell("finding"))
            template = drive.recorded_motion(animator, tell("recording"))
        transfer = animator.transfer(template[0])
        every = ceil(len(template) / FRAMES)
        moves = [transfer(keypoints) for keypoints in islice(template, 0, None, every)]
    return _Scene(animator, moves)
