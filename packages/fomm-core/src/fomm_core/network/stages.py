"""The four inference stages as NNabla graphs with named ends, for the engine and the export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import nnabla as nn
import numpy as np
import numpy.typing as npt

from fomm_core.network.dense_motion import DenseMotion
from fomm_core.network.graph import EncodedSource, Networks
from fomm_core.network.keypoint_detector import KeypointVariables


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
    size = (batch, channels, height, width)
    keypoints, detected = _build_keypoints(networks, size)
    encoder, encoded = _build_encoder(networks, size)
    motion, moved = _build_motion(networks, encoded, detected)
    decoder = _build_decoder(networks, encoded, moved)
    return {stage.name: stage for stage in (keypoints, encoder, motion, decoder)}


def _build_keypoints(networks: Networks, size: tuple[int, ...]) -> tuple[Stage, KeypointVariables]:
    image = nn.Variable(size)
    detected = networks.keypoints(image)
    return Stage("keypoints", {"image": image}, _named("", detected)), detected


def _build_encoder(networks: Networks, size: tuple[int, ...]) -> tuple[Stage, EncodedSource]:
    source = nn.Variable(size)
    encoded = networks.encoder(source)
    outputs = {"features": encoded.features, "small": encoded.small}
    return Stage("encoder", {"source": source}, outputs), encoded


def _build_motion(
    networks: Networks, encoded: EncodedSource, detected: KeypointVariables
) -> tuple[Stage, DenseMotion]:
    small = nn.Variable(encoded.small.shape)
    kp_source, kp_driving = _fresh(detected), _fresh(detected)
    motion = networks.motion(small, kp_source, kp_driving)
    inputs = {"small": small, **_named("source_", kp_source), **_named("driving_", kp_driving)}
    outputs = _present(
        deformation=motion.deformation,
        occlusion_map=motion.occlusion_map,
        motion_features=motion.features,
        mask=motion.mask,
        sparse_deformed=motion.sparse_deformed,
    )
    return Stage("motion", inputs, outputs), motion


def _build_decoder(networks: Networks, encoded: EncodedSource, motion: DenseMotion) -> Stage:
    parts = (encoded.image, encoded.features, encoded.small)
    source = EncodedSource(*(nn.Variable(part.shape) for part in parts))
    deformation = nn.Variable(motion.deformation.shape)
    occlusion_map, motion_features = _like(motion.occlusion_map), _like(motion.features)
    decoded = networks.decoder(source, deformation, occlusion_map, motion_features)
    inputs = _present(
        source=source.image,
        features=source.features,
        deformation=deformation,
        occlusion_map=occlusion_map,
        motion_features=motion_features,
    )
    return Stage(
        "decoder", inputs, {"prediction": decoded.prediction, "deformed": decoded.deformed}
    )


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
