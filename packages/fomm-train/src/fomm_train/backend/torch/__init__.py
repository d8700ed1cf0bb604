"""PyTorch as what computes a training; the only part that imports it."""
