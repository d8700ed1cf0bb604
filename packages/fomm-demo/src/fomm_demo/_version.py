"""The version of fomm-demo, written here and nowhere else."""

__version__ = "0.2.0"
