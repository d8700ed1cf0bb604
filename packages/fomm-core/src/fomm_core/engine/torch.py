"""PyTorch running the definition of the networks, to compare engines with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fomm_core.config import Config
from fomm_core.engine.base import Diagnostics, Engine, Rendering, SourceFeatures
from fomm_core.model.parameters import Parameters
from fomm_core.motion.keypoints import FloatArray, Keypoints
from fomm_core.network.graph import Networks
from fomm_core.network.keypoint_detector import KeypointVariables

if TYPE_CHECKING:
    import torch


class TorchEngine(Engine):
    """Runs the networks operation by operation, as the original implementation does.

    It is no engine of the registry: ``fomm bench --compare`` and benchmarks measure it.

    Args:
        config: sizes and options of the networks.
        parameters: arrays by NNabla's names; those that are missing are drawn at random.
        device: by PyTorch's name.
        threads: of the CPU, for this whole process; 0 leaves PyTorch's own choice.

    Raises:
        ImportError: PyTorch is not installed.
    """

    name = "pytorch"
    precision = "fp32"

    def __init__(
        self, config: Config, parameters: Parameters, device: str = "cpu", threads: int = 0
    ) -> None:
        import torch

        from fomm_core.network.torch_operations import TorchInferenceOperations

        super().__init__()
        self.frame_size, self.device = config.frame_size, device
        if threads:
            torch.set_num_threads(threads)
        values = {name: self._tensor(array) for name, array in parameters.items()}
        self._networks = Networks(config, TorchInferenceOperations(values, device))

    def detect(self, image: FloatArray) -> Keypoints:
        import torch

        self._check(image)
        with torch.inference_mode(), self.timer.measure("keypoints"):
            found = self._networks.keypoints(self._tensor(image[None]))
            jacobian = None if found.jacobian is None else _array(found.jacobian)
            return Keypoints(_array(found.value), jacobian)

    def encode(self, image: FloatArray) -> SourceFeatures:
        import torch

        self._check(image)
        with torch.inference_mode(), self.timer.measure("encoder"):
            encoded = self._networks.encoder(self._tensor(image[None]))
        return SourceFeatures(image.copy(), encoded)

    def render(
        self,
        features: SourceFeatures,
        kp_source: Keypoints,
        kp_driving: Keypoints,
        diagnostics: bool = False,
    ) -> Rendering:
        import torch

        self._check(features.image)
        with torch.inference_mode():
            with self.timer.measure("motion"):
                keypoints = (self._variables(kp) for kp in (kp_source, kp_driving))
                motion = self._networks.motion(features.payload.small, *keypoints)
            with self.timer.measure("decoder"):
                decoded = self._networks.decoder(
                    features.payload, motion.deformation, motion.occlusion_map, motion.features
                )
                prediction = _array(decoded.prediction)
        if not diagnostics:
            return Rendering(prediction)
        occlusion = motion.occlusion_map
        return Rendering(
            prediction,
            Diagnostics(
                deformed=_array(decoded.deformed),
                occlusion_map=None if occlusion is None else _array(occlusion),
                mask=_array(motion.mask),
                sparse_deformed=_array(motion.sparse_deformed),
                deformation=_array(motion.deformation),
            ),
        )

    def _variables(self, keypoints: Keypoints) -> KeypointVariables:
        jacobian = keypoints.jacobian
        return KeypointVariables(
            self._tensor(keypoints.value[None]),
            None if jacobian is None else self._tensor(jacobian[None]),
        )

    def _tensor(self, array: FloatArray) -> torch.Tensor:
        """A copy on the device."""
        import torch

        return torch.tensor(array, dtype=torch.float32, device=self.device)


def _array(batch: torch.Tensor) -> FloatArray:
    """A batch of one as an array without the batch's axis."""
    return np.array(batch[0].cpu().numpy(), dtype=np.float32)
