"""PyTorch on GPUs, NVIDIA's, AMD's and Apple's, as a trial uses it."""

from __future__ import annotations

from collections.abc import Sequence

from fomm_core.devices.computation import PAD, TrialInputs, TrialValues
from fomm_core.devices.library import DeviceLibrary, FoundDevice

_NO_DRIVER = "no NVIDIA driver"
"""PyTorch's words where there is no GPU at all."""


class TorchDevices(DeviceLibrary):
    """Devices by PyTorch's names: ``cuda:0``, ``cuda:1``, ... and ``mps``."""

    def find(self) -> Sequence[FoundDevice]:
        import torch

        if torch.backends.mps.is_available():
            return [FoundDevice("mps", "Apple")]
        if torch.backends.cuda.is_built() and not torch.cuda.is_available():
            _explain_absence()
        count = torch.cuda.device_count()
        return [FoundDevice(f"cuda:{n}", torch.cuda.get_device_name(n)) for n in range(count)]

    def compute(self, device: str, inputs: TrialInputs) -> TrialValues:
        import torch
        from torch.nn.functional import conv2d

        image, weight, gradient, values = (
            torch.from_numpy(array).to(device)
            for array in (inputs.image, inputs.weight, inputs.gradient, inputs.values)
        )
        image.requires_grad_()
        weight.requires_grad_()
        convolution = conv2d(image, weight, padding=PAD)
        convolution.backward(gradient)
        results = (convolution.detach(), values.mean(), image.grad, weight.grad)
        return TrialValues(*(result.cpu().numpy() for result in results))


def _explain_absence() -> None:
    """Raise what keeps PyTorch from the GPUs, such as a driver that is too old for it."""
    import torch

    try:
        torch.cuda.init()
    except RuntimeError as error:
        if _NO_DRIVER not in str(error):
            raise
