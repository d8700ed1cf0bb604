"""Random affine and thin-plate-spline transformations for the equivariance losses.

A transformation maps a position z of the transformed frame to the position of the original
frame that is shown there (Section 3.3 of the paper)::

    T(z) = A z + t + sum_p c_p U(|z - p|_1)        U(r) = r^2 log(r + 1e-6)

with control points p on a P x P grid. The scalar sum is added to both coordinates. Positions
are (x, y), x first, in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fomm_core.motion.keypoints import FloatArray
from fomm_core.network.operations import Tensor
from fomm_core.network.warping import coordinate_grid
from fomm_core.utils.rng import make_rng
from fomm_train.backend.base import TrainingOperations
from fomm_train.config import TransformParams

Array = npt.NDArray[np.float64]

# Keeps these draws apart from all others that derive from the same seed and sample.
_PURPOSE = int.from_bytes(b"equivariance", "big")
_EPSILON = 1e-6
_EDGE = 1.05


@dataclass(frozen=True, eq=False)
class RandomTransform:
    """The transformations of one batch.

    Attributes:
        theta: (B, 2, 3), [A | t].
        control_params: (B, 1, P * P), the c_p.
    """

    theta: FloatArray
    control_params: FloatArray

    @classmethod
    def draw(
        cls, sample_ids: npt.NDArray[np.int64], seed: int, params: TransformParams
    ) -> RandomTransform:
        """Draw one transformation for each sample; it depends on seed and sample alone.

        Args:
            sample_ids: (B,), at least 0, the samples' numbers in the whole training.
            seed: the training's seed.
            params: strengths and grid; with all of them at 0 all are the identity.
        """
        theta, control = [], []
        for sample in sample_ids:
            random = make_rng(seed, _PURPOSE, int(sample))
            affine = np.eye(2, 3) + params.sigma_affine * random.standard_normal((2, 3))
            control.append(params.sigma_tps * random.standard_normal((1, params.points_tps**2)))
            theta.append(_similarity(params, random) @ affine + _shift(params, random))
        return cls(np.stack(theta).astype(np.float32), np.stack(control).astype(np.float32))

    def shows(self, positions: FloatArray) -> FloatArray:
        """Which positions of the original frames the transformed ones show, bending aside.

        Args:
            positions: (B, N, 2) in [-1, 1], x first.

        Returns:
            (B, N), 1 for those that lie in the transformed frame or just outside, else 0.
        """
        offset = positions - self.theta[:, None, :, 2]
        inverse = np.linalg.inv(self.theta[:, :, :2])
        places = np.einsum("bij,bnj->bni", inverse, offset)
        inside: FloatArray = (np.abs(places).max(axis=2) <= _EDGE).astype(np.float32)
        return inside


@dataclass(frozen=True, eq=False)
class TransformVariables:
    """The transformations of one batch as inputs of the graph; no gradient flows into them.

    Attributes:
        theta: (B, 2, 3).
        control_params: (B, 1, P * P), or ``None`` for affine transformations.
    """

    theta: Tensor
    control_params: Tensor | None

    @classmethod
    def create(
        cls, ops: TrainingOperations, batch: int, params: TransformParams
    ) -> TransformVariables:
        """Make the inputs for batches of a given size, at first the identity."""
        control = None
        if params.sigma_tps:
            control = ops.constant(np.zeros((batch, 1, params.points_tps**2), dtype=np.float32))
        return cls(ops.constant(np.tile(np.eye(2, 3, dtype=np.float32), (batch, 1, 1))), control)

    def set(self, ops: TrainingOperations, transform: RandomTransform) -> None:
        """Use these transformations in the next forward pass."""
        ops.write(self.theta, transform.theta)
        if self.control_params is not None:
            ops.write(self.control_params, transform.control_params)

    def warp_coordinates(self, ops: TrainingOperations, coordinates: Tensor) -> Tensor:
        """Apply T to positions (B, N, 2); gradients flow into the positions."""
        linear = self.theta[:, :, :2]
        shift = ops.reshape(self.theta[:, :, 2:], (self.theta.shape[0], 1, 2))
        moved = ops.matmul(coordinates, linear, transpose_b=True) + shift
        if self.control_params is None:
            return moved
        distance = ops.sum(ops.abs(self._offsets(ops, coordinates)), axis=3)
        bending = distance**2 * ops.log(distance + _EPSILON) * self.control_params
        return moved + ops.sum(bending, axis=2, keepdims=True)

    def jacobian(self, ops: TrainingOperations, coordinates: Tensor) -> Tensor:
        """The derivative of T at positions (B, N, 2); (B, N, 2, 2), row i that of T_i.

        It is in closed form, so gradients flow from it into the positions:
        dT_i / dz_j = A_ij + sum_p c_p U'(r_p) sign(z_j - p_j), r_p = |z - p|_1.
        """
        batch, count, _ = coordinates.shape
        linear = ops.reshape(self.theta[:, :, :2], (batch, 1, 2, 2))
        if self.control_params is None:
            return ops.broadcast(linear, (batch, count, 2, 2))
        offsets = self._offsets(ops, coordinates)
        distance = ops.sum(ops.abs(offsets), axis=3)
        shifted = distance + _EPSILON
        slope = distance * ops.log(shifted) * 2 + distance**2 / shifted
        slope = ops.reshape(slope * self.control_params, (*slope.shape, 1))
        sign = ops.sign(offsets)
        bending = ops.sum(slope * sign, axis=2)
        return linear + ops.reshape(bending, (batch, count, 1, 2))

    def transform_frame(self, ops: TrainingOperations, frame: Tensor) -> Tensor:
        """Show frames (B, C, H, W) transformed: bilinear, reflected outside."""
        grid = self._grid(ops, frame.shape[2], frame.shape[3])
        return ops.grid_sample(frame, grid, align_corners=True, padding="reflection")

    def _offsets(self, ops: TrainingOperations, coordinates: Tensor) -> Tensor:
        """Offsets z - p of positions (B, N, 2) and all control points; (B, N, P * P, 2)."""
        batch, count, _ = coordinates.shape
        control_points = ops.constant_of(_control_points, self._num_points())
        return ops.reshape(coordinates, (batch, count, 1, 2)) - control_points

    def _num_points(self) -> int:
        """Control points along one side of their grid."""
        return 0 if self.control_params is None else round(self.control_params.shape[2] ** 0.5)

    def _grid(self, ops: TrainingOperations, height: int, width: int) -> Tensor:
        """T at every pixel; (B, H, W, 2).

        The pixels stand still, so T is linear in theta and control parameters with factors
        that are known beforehand: one matrix product.
        """
        batch = self.theta.shape[0]
        coefficients = ops.transpose(self.theta, (2, 0, 1))
        if self.control_params is not None:
            bending = ops.transpose(self.control_params, (2, 0, 1))
            both = ops.broadcast(bending, (bending.shape[0], batch, 2))
            coefficients = ops.concatenate([coefficients, both], axis=0)
        factors = ops.constant_of(_pixel_factors, height, width, self._num_points())
        flat = ops.reshape(coefficients, (coefficients.shape[0], batch * 2))
        grid = ops.reshape(ops.matmul(factors, flat), (height, width, batch, 2))
        return ops.transpose(grid, (2, 0, 1, 3))


def _similarity(params: TransformParams, random: np.random.Generator) -> Array:
    """A turn and a change of size, (2, 2); small turns are the likeliest."""
    turn, size = random.uniform(-1, 1, 2).mean(), random.uniform(-1, 1)
    angle = np.deg2rad(params.rotation) * turn
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    similarity: Array = rotation * params.scale**size
    return similarity


def _shift(params: TransformParams, random: np.random.Generator) -> Array:
    """A translation, as the last column of (2, 3)."""
    shift = np.zeros((2, 3))
    shift[:, 2] = params.shift * random.uniform(-1, 1, 2)
    return shift


def _control_points(num_points: int) -> FloatArray:
    """Control points on a grid from -1 to 1 inclusive; (1, 1, P * P, 2)."""
    return coordinate_grid(num_points, num_points).reshape(1, 1, -1, 2)


def _pixel_factors(height: int, width: int, num_points: int) -> FloatArray:
    """x, y, 1 and U for each control point, at every pixel; (H * W, 3 + P * P)."""
    pixels = coordinate_grid(height, width).reshape(-1, 1, 2)
    distance = np.abs(pixels - _control_points(num_points)[0]).sum(axis=2)
    bending = distance**2 * np.log(distance + _EPSILON)
    ones = np.ones((len(pixels), 1), dtype=np.float32)
    return np.concatenate([pixels[:, 0], ones, bending.astype(np.float32)], axis=1)
