"""Landmarks and identity embeddings, from whatever can make or read them."""

from fomm_eval.landmarks.base import Extractor, FrameView, Observation

__all__ = ["Extractor", "FrameView", "Observation"]
