"""The version of fomm-train, written here and nowhere else."""

__version__ = "0.2.0"
