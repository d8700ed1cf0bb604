"""Where and how a training computes: device, precision, solvers."""
