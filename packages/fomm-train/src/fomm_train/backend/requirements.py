"""The check that what a training computes with is installed."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from fomm_train.errors import TrainingError


def require_nnabla() -> None:
    """Check that NNabla is installed.

    Raises:
        TrainingError: it is not; the message says what to do.
    """
    if find_spec("nnabla") is not None:
        return
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if sys.version_info >= (3, 11):
        found, cure = f"Python {version}, for which it has no wheels", "train with Python 3.10"
    else:
        found, cure = "none", "install it with: pip install 'fomm-core[nnabla]'"
    raise TrainingError(f"fomm train: expected NNabla, found {found}; {cure}")
