"""Evaluation of the First Order Motion Model: reconstruction and metrics."""

from fomm_eval._version import __version__

__all__ = ["__version__"]
