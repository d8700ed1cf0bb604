"""Evaluation of the First Order Motion Model: reconstruction and metrics.

    from pathlib import Path

    from fomm_eval import L1, evaluate, pair_clips

    evaluation = evaluate(pair_clips(Path("real"), Path("generated")))
    evaluation.scores.overall(L1).mean

Reading order: ``reconstruction/``, ``data/clips.py``, ``comparison/``, ``metrics/``,
``extractors/``, ``benchmark/``, ``report/``.
The names below are the public ones; they are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fomm_core.utils.lazy import import_name
from fomm_eval._version import __version__

if TYPE_CHECKING:
    from fomm_core.benchmark_format import open_benchmark
    from fomm_eval.benchmark.measure import measure
    from fomm_eval.comparison.compare import Evaluation, Extractors, evaluate
    from fomm_eval.data.clips import pair_clips
    from fomm_eval.errors import EvaluationError, ExtractorError
    from fomm_eval.extractors import Extractor, FrameView, Observation
    from fomm_eval.extractors.choice import choose_extractors
    from fomm_eval.metrics import AED, AKD, L1, MKR, PSNR, SSIM
    from fomm_eval.reconstruction.reconstruct import reconstruct_all, reconstruct_video

_HOME = {
    "AED": "metrics",
    "AKD": "metrics",
    "Evaluation": "comparison.compare",
    "EvaluationError": "errors",
    "Extractor": "extractors",
    "ExtractorError": "errors",
    "Extractors": "comparison.compare",
    "FrameView": "extractors",
    "L1": "metrics",
    "MKR": "metrics",
    "Observation": "extractors",
    "PSNR": "metrics",
    "SSIM": "metrics",
    "choose_extractors": "extractors.choice",
    "evaluate": "comparison.compare",
    "measure": "benchmark.measure",
    "open_benchmark": "benchmark",
    "pair_clips": "data.clips",
    "reconstruct_all": "reconstruction.reconstruct",
    "reconstruct_video": "reconstruction.reconstruct",
}

__all__ = [
    "AED",
    "AKD",
    "L1",
    "MKR",
    "PSNR",
    "SSIM",
    "Evaluation",
    "EvaluationError",
    "Extractor",
    "ExtractorError",
    "Extractors",
    "FrameView",
    "Observation",
    "__version__",
    "choose_extractors",
    "evaluate",
    "measure",
    "open_benchmark",
    "pair_clips",
    "reconstruct_all",
    "reconstruct_video",
]


def __getattr__(name: str) -> Any:
    return import_name(__name__, _HOME, name)


def __dir__() -> list[str]:
    return sorted(__all__)
