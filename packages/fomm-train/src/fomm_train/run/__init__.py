"""A whole training run: start, loop, ranks, end."""
