"""The commands that fomm-train adds to the program ``fomm``."""
