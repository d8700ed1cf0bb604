"""Smoothing of keypoints against jitter: the One Euro filter."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from fomm_core.errors import MotionError
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_core.utils.values import is_finite_number

_Array = npt.NDArray[np.float64]


class OneEuroFilter:
    """The One Euro filter (Casiez, Roussel, Vogel, CHI 2012) over successive keypoints.

    A first-order low-pass filter per coordinate (and per jacobian entry) whose cut-off
    frequency rises with the speed of that coordinate: slow movement is smoothed strongly,
    fast movement follows with little lag. The first keypoints pass unchanged.

    Args:
        rate: frames per second of the keypoints.
        min_cutoff: cut-off in Hz at rest; lower is smoother.
        beta: rise of the cut-off in Hz per unit of speed (frame half-widths, or jacobian
            units, per second); higher lags less.
        derivative_cutoff: cut-off in Hz of the speed estimate.

    Raises:
        MotionError: a rate or cut-off that is not positive and finite, or a negative beta.
    """

    def __init__(
        self,
        rate: float | Fraction,
        min_cutoff: float = 1.0,
        beta: float = 10.0,
        derivative_cutoff: float = 1.0,
    ) -> None:
        _require_positive("rate", rate)
        _require_positive("min_cutoff", min_cutoff)
        _require_positive("derivative_cutoff", derivative_cutoff)
        if not (is_finite_number(beta) and beta >= 0):
            raise MotionError(f"smoothing beta: expected zero or a positive number, found {beta!r}")
        self._settings = (float(rate), min_cutoff, beta, derivative_cutoff)
        self._value: _Channel | None = None
        self._jacobian: _Channel | None = None

    def __call__(self, keypoints: Keypoints, seconds: float | None = None) -> Keypoints:
        """Return the smoothed keypoints of the next frame.

        Args:
            keypoints: as detected.
            seconds: time since those before, for frames at no constant rate; by default one
                frame at the filter's rate.

        Raises:
            MotionError: keypoints that are not finite (they would never leave the filter's
                memory), or of another shape than those before.
        """
        if not keypoints.is_finite:
            raise MotionError("smoothing: expected finite keypoints, found NaN or infinity")
        if self._value is None:
            self._value = _Channel(keypoints.value, *self._settings)
            if keypoints.jacobian is not None:
                self._jacobian = _Channel(keypoints.jacobian, *self._settings)
            return keypoints
        jacobian = keypoints.jacobian
        if (jacobian is None) != (self._jacobian is None):
            raise MotionError("smoothing: expected jacobians in all frames or in none")
        value = self._value.step(keypoints.value, seconds)
        if jacobian is not None and self._jacobian is not None:
            jacobian = self._jacobian.step(jacobian, seconds)
        return Keypoints(value, jacobian)


class _Channel:
    """Algorithm 1 of the paper on an array, each entry by itself."""

    def __init__(
        self, first: FloatArray, rate: float, min_cutoff: float, beta: float, cutoff: float
    ) -> None:
        self._rate, self._min_cutoff, self._beta = rate, min_cutoff, beta
        self._speed_cutoff = np.float64(cutoff)
        self._smooth: _Array = first.astype(np.float64)
        self._speed: _Array = np.zeros_like(self._smooth)

    def step(self, sample: FloatArray, seconds: float | None) -> FloatArray:
        """Take the next sample and return the smoothed one; both have the first's shape."""
        rate = self._rate if seconds is None else 1 / seconds
        if sample.shape != self._smooth.shape:
            raise MotionError(
                f"smoothing: expected {len(self._smooth)} keypoints in each frame, "
                f"found {len(sample)}"
            )
        change = sample - self._smooth
        self._speed += _weight(self._speed_cutoff, rate) * (change * rate - self._speed)
        cutoff = self._min_cutoff + self._beta * np.abs(self._speed)
        self._smooth = self._smooth + _weight(cutoff, rate) * change
        return self._smooth.astype(np.float32)


def _weight(cutoff: _Array | np.float64, rate: float) -> _Array:
    """Weight of a new sample in a low-pass filter with this cut-off (Hz)."""
    return np.asarray(1 / (1 + rate / (2 * math.pi * cutoff)))


def _require_positive(name: str, number: float | Fraction) -> None:
    if not (is_finite_number(number) and number > 0):
        raise MotionError(f"smoothing {name}: expected a positive number, found {number!r}")
