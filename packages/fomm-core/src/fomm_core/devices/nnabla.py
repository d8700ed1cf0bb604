"""NNabla's CUDA extension on NVIDIA GPUs, as a trial uses it."""

from __future__ import annotations

from collections.abc import Sequence

from fomm_core.devices.computation import PAD, TrialInputs, TrialValues
from fomm_core.devices.library import DeviceLibrary, FoundDevice


class NNablaDevices(DeviceLibrary):
    """GPUs named ``cudnn:0``, ``cudnn:1``, ...: an extension and its device's number."""

    def find(self) -> Sequence[FoundDevice]:
        from nnabla_ext.cuda import init as cuda

        return [FoundDevice(f"cudnn:{number}") for number in range(cuda.get_device_count())]

    def compute(self, device: str, inputs: TrialInputs) -> TrialValues:
        import nnabla as nn
        import nnabla.functions as F
        from nnabla.ext_utils import get_extension_context

        extension, _, number = device.partition(":")
        context = get_extension_context(extension, device_id=number)
        with nn.context_scope(context), nn.auto_forward(False):
            image, weight, values = (
                nn.Variable.from_numpy_array(array, need_grad=True)
                for array in (inputs.image, inputs.weight, inputs.values)
            )
            for variable in (image, weight):
                variable.grad.zero()
            convolution, mean = F.convolution(image, weight, pad=(PAD, PAD)), F.mean(values)
            for output in (convolution, mean):
                output.forward()
            convolution.backward(nn.NdArray.from_numpy_array(inputs.gradient))
            return TrialValues(convolution.d, mean.d, image.g, weight.g)
