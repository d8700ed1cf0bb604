"""Fast kernels for expensive functions of a graph."""
