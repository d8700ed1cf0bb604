"""Random affine and thin-plate-spline transformations for the equivariance losses.

A transformation maps a position z of the transformed frame to the position of the original
frame that is shown there (Section 3.3 of the paper)::

    T(z) = A z + t + sum_p c_p U(|z - p|_1)        U(r) = r^2 log(r + 1e-6)

with control points p on a P x P grid. The scalar sum is added to both coordinates. Positions
are (x, y), x first, in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import nnabla as nn
import nnabla.functions as F
import numpy as np
import numpy.typing as npt

from fomm_core.motion.keypoints import FloatArray
from fomm_core.network.warping import constant, coordinate_grid, reshape
from fomm_core.utils.rng import make_rng
from fomm_train.config import TransformParams
from fomm_train.kernels.custom_function import stop_gradient

# Keeps these draws apart from all others that derive from the same seed and sample.
_PURPOSE = int.from_bytes(b"equivariance", "big")
_EPSILON = 1e-6


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
            params: standard deviations and grid; with both at 0 all are the identity.
        """
        theta, control = [], []
        for sample in sample_ids:
            random = make_rng(seed, _PURPOSE, int(sample))
            theta.append(np.eye(2, 3) + params.sigma_affine * random.standard_normal((2, 3)))
            control.append(params.sigma_tps * random.standard_normal((1, params.points_tps**2)))
        return cls(np.stack(theta).astype(np.float32), np.stack(control).astype(np.float32))


@dataclass(frozen=True, eq=False)
class TransformVariables:
    """The transformations of one batch as inputs of the graph; no gradient flows into them.

    Attributes:
        theta: (B, 2, 3).
        control_params: (B, 1, P * P), or ``None`` for affine transformations.
    """

    theta: nn.Variable
    control_params: nn.Variable | None

    @classmethod
    def create(cls, batch: int, params: TransformParams) -> TransformVariables:
        """Make the inputs for batches of a given size, at first the identity."""
        control = None
        if params.sigma_tps:
            control = constant(np.zeros((batch, 1, params.points_tps**2), dtype=np.float32))
        return cls(constant(np.tile(np.eye(2, 3, dtype=np.float32), (batch, 1, 1))), control)

    def set(self, transform: RandomTransform) -> None:
        """Use these transformations in the next forward pass."""
        self.theta.d = transform.theta
        if self.control_params is not None:
            self.control_params.d = transform.control_params

    def warp_coordinates(self, coordinates: nn.Variable) -> nn.Variable:
        """Apply T to positions (B, N, 2); gradients flow into the positions."""
        linear = self.theta[:, :, :2]
        shift = reshape(self.theta[:, :, 2:], (self.theta.shape[0], 1, 2))
        moved = F.batch_matmul(coordinates, linear, transpose_b=True) + shift
        if self.control_params is None:
            return moved
        distance = F.sum(F.abs(self._offsets(coordinates)), axis=3)
        bending = F.pow_scalar(distance, 2) * F.log(distance + _EPSILON) * self.control_params
        return moved + F.sum(bending, axis=2, keepdims=True)

    def jacobian(self, coordinates: nn.Variable) -> nn.Variable:
        """The derivative of T at positions (B, N, 2); (B, N, 2, 2), row i that of T_i.

        It is in closed form, so gradients flow from it into the positions:
        dT_i / dz_j = A_ij + sum_p c_p U'(r_p) sign(z_j - p_j), r_p = |z - p|_1.
        """
        batch, count, _ = coordinates.shape
        linear = reshape(self.theta[:, :, :2], (batch, 1, 2, 2))
        if self.control_params is None:
            return F.broadcast(linear, (batch, count, 2, 2))
        offsets = self._offsets(coordinates)
        distance = F.sum(F.abs(offsets), axis=3)
        shifted = distance + _EPSILON
        slope = distance * F.log(shifted) * 2 + F.pow_scalar(distance, 2) / shifted
        slope = reshape(slope * self.control_params, (*slope.shape, 1))
        # NNabla lets gradients pass through sign, whose derivative is 0.
        sign = F.sign(stop_gradient(offsets), alpha=0.0)
        bending = F.sum(slope * sign, axis=2)
        return linear + reshape(bending, (batch, count, 1, 2))

    def transform_frame(self, frame: nn.Variable) -> nn.Variable:
        """Show frames (B, C, H, W) transformed: bilinear, reflected outside."""
        grid = self._grid(frame.shape[2], frame.shape[3])
        return F.warp_by_grid(
            frame, grid, mode="linear", padding_mode="reflect", align_corners=True
        )

    def _offsets(self, coordinates: nn.Variable) -> nn.Variable:
        """Offsets z - p of positions (B, N, 2) and all control points; (B, N, P * P, 2)."""
        batch, count, _ = coordinates.shape
        control_points = _control_points(self._num_points()).reshape(1, 1, -1, 2)
        return reshape(coordinates, (batch, count, 1, 2)) - constant(control_points)

    def _num_points(self) -> int:
        """Control points along one side of their grid."""
        return 0 if self.control_params is None else round(self.control_params.shape[2] ** 0.5)

    def _grid(self, height: int, width: int) -> nn.Variable:
        """T at every pixel; (B, H, W, 2).

        The pixels stand still, so T is linear in theta and control parameters with factors
        that are known beforehand: one matrix product.
        """
        batch = self.theta.shape[0]
        coefficients = F.transpose(self.theta, (2, 0, 1))
        if self.control_params is not None:
            bending = F.transpose(self.control_params, (2, 0, 1))
            both = F.broadcast(bending, (bending.shape[0], batch, 2))
            coefficients = F.concatenate(coefficients, both, axis=0)
        factors = constant(_pixel_factors(height, width, self._num_points()))
        flat = reshape(coefficients, (coefficients.shape[0], batch * 2))
        grid = reshape(F.affine(factors, flat), (height, width, batch, 2))
        return F.transpose(grid, (2, 0, 1, 3))


def _control_points(num_points: int) -> FloatArray:
    """Control points on a grid from -1 to 1 inclusive; (P * P, 2)."""
    return coordinate_grid(num_points, num_points).reshape(-1, 2)


def _pixel_factors(height: int, width: int, num_points: int) -> FloatArray:
    """x, y, 1 and U for each control point, at every pixel; (H * W, 3 + P * P)."""
    pixels = coordinate_grid(height, width).reshape(-1, 1, 2)
    distance = np.abs(pixels - _control_points(num_points)).sum(axis=2)
    bending = distance**2 * np.log(distance + _EPSILON)
    ones = np.ones((len(pixels), 1), dtype=np.float32)
    return np.concatenate([pixels[:, 0], ones, bending.astype(np.float32)], axis=1)
