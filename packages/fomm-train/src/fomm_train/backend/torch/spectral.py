"""Spectral normalisation (Miyato et al. 2018) as NNabla defines it."""

from __future__ import annotations

import torch

_EPSILON = 1e-12


def normalize_spectrum(weight: torch.Tensor, u: torch.Tensor, record: bool) -> torch.Tensor:
    """Divide a weight by its largest singular value, after one power iteration.

    Args:
        weight: (O, ...), taken as a matrix of O rows; gradients flow through the singular value.
        u: (O,), an estimate of its left singular vector.
        record: put the improved estimate in the place of ``u``.
    """
    matrix = weight.reshape(len(weight), -1)
    with torch.no_grad():
        v = _unit(matrix.T @ u)
        better = _unit(matrix @ v)
        if record:
            u.copy_(better)
    return weight / torch.dot(better, matrix @ v)


def _unit(vector: torch.Tensor) -> torch.Tensor:
    return vector / (torch.linalg.vector_norm(vector) + _EPSILON)
