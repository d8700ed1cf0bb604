"""Accelerators: tried before they are called usable, and understood when they fail.

A driver that is installed and a library that knows the device promise little; kernels may still
fail on it, or compute something else. :func:`try_devices` lets each device compute what networks
are made of, and compares it with the CPU.
"""

from fomm_core.devices.failures import device_error, raise_device_errors, telling_line
from fomm_core.devices.trial import DeviceTrial, Library, try_devices

__all__ = [
    "DeviceTrial",
    "Library",
    "device_error",
    "raise_device_errors",
    "telling_line",
    "try_devices",
]
