"""The errors of evaluation itself."""

from __future__ import annotations

from fomm_core.errors import FommError


class EvaluationError(FommError):
    """Results that cannot be compared, or of which nothing can be said."""


class ExtractorError(EvaluationError):
    """Landmarks or embeddings that cannot be made or read."""
