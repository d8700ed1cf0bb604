"""The four parts of the model, each a graph: keypoints, encoder, motion, decoder.

Inference and export use them one by one (:mod:`fomm_core.network.stages`), training joins
them; all of them come from :class:`Networks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fomm_core.config import Config
from fomm_core.model.parameters import Parameters, check_parameters
from fomm_core.network.dense_motion import DenseMotion, dense_motion
from fomm_core.network.generator import Decoded, decode, encode
from fomm_core.network.keypoint_detector import KeypointVariables, detect_keypoints
from fomm_core.network.operations import Operations, Tensor
from fomm_core.network.warping import down_scale


@dataclass(frozen=True, eq=False)
class EncodedSource:
    """A source as the later stages need it, as tensors.

    Attributes:
        image: (B, C, H, W) in [0, 1].
        features: (B, F, H / 2**D, W / 2**D) for D down blocks.
        small: (B, C, h, w), the source at the dense motion's size.
    """

    image: Tensor
    features: Tensor
    small: Tensor


@dataclass(frozen=True, eq=False)
class Networks:
    """The networks of one configuration.

    Attributes:
        config: sizes and options.
        operations: what computes them and holds their parameters; each has its own.
    """

    config: Config
    operations: Operations

    def keypoints(self, image: Tensor) -> KeypointVariables:
        """Detect the keypoints of images (B, C, H, W) in [0, 1]."""
        model = self.config.model_params
        return detect_keypoints(
            self.operations, image, model.common_params, model.kp_detector_params
        )

    def encoder(self, source: Tensor) -> EncodedSource:
        """Encode source images (B, C, H, W) in [0, 1]."""
        generator = self.config.model_params.generator_params
        features = encode(self.operations, source, generator)
        small = down_scale(self.operations, source, generator.dense_motion_params.stride)
        return EncodedSource(source, features, small)

    def motion(
        self, small: Tensor, kp_source: KeypointVariables, kp_driving: KeypointVariables
    ) -> DenseMotion:
        """Estimate the dense motion of the small source between two sets of keypoints."""
        generator = self.config.model_params.generator_params
        ops = self.operations.scope("generator")
        return dense_motion(ops, small, kp_source, kp_driving, generator)

    def decoder(
        self,
        source: EncodedSource,
        deformation: Tensor,
        occlusion_map: Tensor | None,
        motion_features: Tensor | None,
    ) -> Decoded:
        """Decode the frame of one motion; see :meth:`motion` for what it consists of."""
        return decode(
            self.operations,
            source.image,
            source.features,
            deformation,
            occlusion_map,
            motion_features,
            self.config.model_params.generator_params,
        )

    def parameters(self) -> Mapping[str, Tensor]:
        """All parameters by name, those without gradient (running statistics) included."""
        return self.operations.parameters()

    def load(self, parameters: Parameters, origin: str) -> None:
        """Set the parameters of what was built; others in the file are left alone.

        Args:
            parameters: arrays by name.
            origin: where they are from, for error messages.

        Raises:
            ParameterError: one is missing or has another shape; the message names it.
        """
        own = self.parameters()
        check_parameters(parameters, {name: p.shape for name, p in own.items()}, origin)
        for name, parameter in own.items():
            self.operations.write(parameter, parameters[name])

    def values(self) -> Parameters:
        """Copies of the parameters' present values, float32, in the order of creation."""
        return {name: self.operations.read(p) for name, p in self.parameters().items()}
