"""The metrics: what each is, how it is computed for a frame, and how frames are summed up."""

from fomm_eval.metrics.definitions import (
    AED,
    AKD,
    L1,
    MKR,
    PSNR,
    SSIM,
    Metric,
)
from fomm_eval.metrics.faces import embedding_distance, keypoint_distance, missing_keypoints
from fomm_eval.metrics.pixels import absolute_difference, l1_distance, psnr
from fomm_eval.metrics.statistics import Summary, summarize
from fomm_eval.metrics.structural import ssim

__all__ = [
    "AED",
    "AKD",
    "L1",
    "MKR",
    "PSNR",
    "SSIM",
    "Metric",
    "Summary",
    "absolute_difference",
    "embedding_distance",
    "keypoint_distance",
    "l1_distance",
    "missing_keypoints",
    "psnr",
    "ssim",
    "summarize",
]
