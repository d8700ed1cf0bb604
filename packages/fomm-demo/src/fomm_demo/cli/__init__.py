"""The command ``fomm demo``."""
