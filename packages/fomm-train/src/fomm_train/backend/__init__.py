"""Device, precision and solvers of a training."""
