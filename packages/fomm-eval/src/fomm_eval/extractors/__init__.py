"""Landmarks and identity embeddings, from whatever can make or read them."""

from fomm_eval.extractors.base import Extractor, FrameView, Observation

__all__ = ["Extractor", "FrameView", "Observation"]
