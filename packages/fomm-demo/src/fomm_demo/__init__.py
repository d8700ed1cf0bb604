"""A web page that animates a picture with a video."""

from fomm_demo._version import __version__

__all__ = ["__version__"]
