"""The cross-identity benchmark: methods, and what their frames are worth."""

from fomm_core.benchmark_format import open_benchmark

__all__ = ["open_benchmark"]
