"""Training of the First Order Motion Model: data, losses, distributed trainer."""

from fomm_train._version import __version__

__all__ = ["__version__"]
