"""The version of fomm-core, written here and nowhere else."""

__version__ = "0.2.0"
