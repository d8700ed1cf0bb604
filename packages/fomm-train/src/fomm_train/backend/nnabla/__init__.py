"""NNabla as what computes a training; with the kernels the only part that imports it."""
