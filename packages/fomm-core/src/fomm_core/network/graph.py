"""The four stages of the model as NNabla graphs: keypoints, encoder, motion, decoder.

Inference and export use the stages by themselves, training uses them joined; all of them
come from :class:`Networks`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

import nnabla as nn
import numpy as np
import numpy.typing as npt

from fomm_core.config import Config
from fomm_core.model.parameters import Parameters, check_parameters
from fomm_core.network.blocks import Normalize, running_statistics
from fomm_core.network.dense_motion import DenseMotion, dense_motion
from fomm_core.network.generator import Decoded, decode, encode
from fomm_core.network.keypoint_detector import KeypointVariables, detect_keypoints
from fomm_core.network.warping import down_scale


@dataclass(frozen=True, eq=False)
class EncodedSource:
    """A source as the later stages need it, as graph variables.

    Attributes:
        image: (B, C, H, W) in [0, 1].
        features: (B, F, H / 2**D, W / 2**D) for D down blocks.
        small: (B, C, h, w), the source at the dense motion's size.
    """

    image: nn.Variable
    features: nn.Variable
    small: nn.Variable


@dataclass(frozen=True, eq=False)
class Networks:
    """The networks of one configuration with parameters of their own.

    Attributes:
        config: sizes and options.
        scope: NNabla's parameter scope that holds the parameters; filled on first use.
    """

    config: Config
    scope: OrderedDict[str, object] = field(default_factory=OrderedDict)

    def keypoints(
        self, image: nn.Variable, normalize: Normalize = running_statistics
    ) -> KeypointVariables:
        """Detect the keypoints of images (B, C, H, W) in [0, 1]."""
        model = self.config.model_params
        with nn.parameter_scope("", self.scope):
            return detect_keypoints(image, model.common_params, model.kp_detector_params, normalize)

    def encoder(
        self, source: nn.Variable, normalize: Normalize = running_statistics
    ) -> EncodedSource:
        """Encode source images (B, C, H, W) in [0, 1]."""
        generator = self.config.model_params.generator_params
        with nn.parameter_scope("", self.scope):
            features = encode(source, generator, normalize)
        small = down_scale(source, generator.dense_motion_params.stride)
        return EncodedSource(source, features, small)

    def motion(
        self,
        small: nn.Variable,
        kp_source: KeypointVariables,
        kp_driving: KeypointVariables,
        normalize: Normalize = running_statistics,
    ) -> DenseMotion:
        """Estimate the dense motion of the small source between two sets of keypoints."""
        generator = self.config.model_params.generator_params
        with nn.parameter_scope("", self.scope), nn.parameter_scope("generator"):
            return dense_motion(small, kp_source, kp_driving, generator, normalize)

    def decoder(
        self,
        source: EncodedSource,
        deformation: nn.Variable,
        occlusion_map: nn.Variable | None,
        motion_features: nn.Variable | None,
        normalize: Normalize = running_statistics,
    ) -> Decoded:
        """Decode the frame of one motion; see :meth:`motion` for what it consists of."""
        generator = self.config.model_params.generator_params
        with nn.parameter_scope("", self.scope):
            return decode(
                source.image,
                source.features,
                deformation,
                occlusion_map,
                motion_features,
                generator,
                normalize,
            )

    def parameters(self) -> dict[str, nn.Variable]:
        """All parameters by name, those without gradient (running statistics) included."""
        with nn.parameter_scope("", self.scope):
            found: dict[str, nn.Variable] = nn.get_parameters(grad_only=False)
        return found

    def load(self, parameters: Parameters, origin: str) -> None:
        """Set the parameters of stages that were built; others in the file are left alone.

        Args:
            parameters: arrays by name.
            origin: where they are from, for error messages.

        Raises:
            ParameterError: one is missing or has another shape; the message names it.
        """
        variables = self.parameters()
        check_parameters(parameters, {k: v.shape for k, v in variables.items()}, origin)
        for name, variable in variables.items():
            variable.d = parameters[name]

    def values(self) -> Parameters:
        """Copies of the parameters' present values, float32, in the order of creation."""
        return {name: v.d.astype(np.float32) for name, v in self.parameters().items()}


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage as a graph with named ends.

    Attributes:
        name: one of :data:`fomm_core.model.bundle.STAGES`.
        inputs: variables to set, by name.
        outputs: variables to read after the forward pass, by name.
    """

    name: str
    inputs: Mapping[str, nn.Variable]
    outputs: Mapping[str, nn.Variable]

    def __call__(self, **inputs: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.float32]]:
        """Run the stage on arrays given by name; returns copies of the outputs."""
        for name, variable in self.inputs.items():
            variable.d = inputs[name]
        nn.forward_all(list(self.outputs.values()), clear_no_need_grad=True)
        return {name: np.array(v.d, dtype=np.float32) for name, v in self.outputs.items()}


def build_stages(networks: Networks, batch: int = 1) -> dict[str, Stage]:
    """Build the four inference stages for a fixed batch size, by name.

    Inputs and outputs (those of the jacobian, the occlusion map and the motion's features only
    where the model has them):

    ========= ================================================== =============================
    keypoints image                                              value, jacobian
    encoder   source                                             features, small
    motion    small, source_{value,jacobian},                    deformation, occlusion_map,
              driving_{value,jacobian}                           motion_features,
                                                                 mask, sparse_deformed
    decoder   source, features, deformation, occlusion_map,      prediction, deformed
              motion_features
    ========= ================================================== =============================
    """
    height, width, channels = networks.config.dataset_params.frame_shape
    image = nn.Variable((batch, channels, height, width))
    detected = networks.keypoints(image)
    source = nn.Variable(image.shape)
    encoded = networks.encoder(source)
    small = nn.Variable(encoded.small.shape)
    kp_source, kp_driving = _fresh(detected), _fresh(detected)
    motion = networks.motion(small, kp_source, kp_driving)
    features = nn.Variable(encoded.features.shape)
    deformation = nn.Variable(motion.deformation.shape)
    occlusion = _like(motion.occlusion_map)
    motion_features = _like(motion.features)
    decoder_source = nn.Variable(image.shape)
    decoded = networks.decoder(
        EncodedSource(decoder_source, features, small), deformation, occlusion, motion_features
    )
    stages = [
        Stage("keypoints", {"image": image}, _named("", detected)),
        Stage(
            "encoder", {"source": source}, {"features": encoded.features, "small": encoded.small}
        ),
        Stage(
            "motion",
            {"small": small, **_named("source_", kp_source), **_named("driving_", kp_driving)},
            _present(
                deformation=motion.deformation,
                occlusion_map=motion.occlusion_map,
                motion_features=motion.features,
                mask=motion.mask,
                sparse_deformed=motion.sparse_deformed,
            ),
        ),
        Stage(
            "decoder",
            _present(
                source=decoder_source,
                features=features,
                deformation=deformation,
                occlusion_map=occlusion,
                motion_features=motion_features,
            ),
            {"prediction": decoded.prediction, "deformed": decoded.deformed},
        ),
    ]
    return {stage.name: stage for stage in stages}


def _fresh(keypoints: KeypointVariables) -> KeypointVariables:
    """Input variables shaped like the given keypoints."""
    return KeypointVariables(nn.Variable(keypoints.value.shape), _like(keypoints.jacobian))


def _like(variable: nn.Variable | None) -> nn.Variable | None:
    """An input variable of the same shape, where there is one."""
    return None if variable is None else nn.Variable(variable.shape)


def _named(prefix: str, keypoints: KeypointVariables) -> dict[str, nn.Variable]:
    """Keypoint variables by name."""
    return _present(**{f"{prefix}value": keypoints.value, f"{prefix}jacobian": keypoints.jacobian})


def _present(**variables: nn.Variable | None) -> dict[str, nn.Variable]:
    """Only the variables that the model has."""
    return {name: v for name, v in variables.items() if v is not None}
