"""The reference engine: NNabla itself, on the CPU or on a GPU through cuDNN."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fomm_core.config import Config
from fomm_core.devices import raise_device_errors, try_devices
from fomm_core.engine.base import (
    MOTION_TO_DECODER,
    Diagnostics,
    Engine,
    Rendering,
    SourceFeatures,
    motion_inputs,
)
from fomm_core.engine.spec import (
    EngineChoice,
    EngineSpec,
    EngineStatus,
    Precision,
    has_module,
    package_version,
)
from fomm_core.errors import EngineError, ModelError
from fomm_core.model.files import ModelFiles
from fomm_core.model.parameters import Parameters, load_parameters
from fomm_core.motion.keypoints import FloatArray, Keypoints

if TYPE_CHECKING:
    from fomm_core.network.stages import Stage


class NNablaEngine(Engine):
    """Runs the NNabla graphs stage by stage.

    Args:
        config: sizes and options of the networks.
        parameters: arrays by NNabla's names.
        origin: where the parameters are from, for error messages.
        context: ``"cpu"`` or ``"cudnn"``.
        device: the device, as ``"cudnn:1"`` is the second GPU; the first by default.

    Raises:
        EngineError: NNabla, or its CUDA extension, is not installed or cannot start.
        DeviceError: (any call) the GPU fails.
        ParameterError: the parameters do not fit the configuration.
    """

    precision = "fp32"

    def __init__(
        self,
        config: Config,
        parameters: Parameters,
        origin: str,
        context: str = "cpu",
        device: str = "",
    ) -> None:
        super().__init__()
        self.name = "nnabla" if context == "cpu" else "nnabla-cudnn"
        self.frame_size = config.frame_size
        self.device = device or context
        self._context = extension_context(context, device.partition(":")[2] or "0")
        self._stages = self._build(config, parameters, origin)

    def _build(self, config: Config, parameters: Parameters, origin: str) -> dict[str, Stage]:
        import nnabla as nn

        from fomm_core.network.graph import Networks
        from fomm_core.network.nnabla_operations import NNablaOperations
        from fomm_core.network.stages import build_stages

        with nn.context_scope(self._context):
            networks = Networks(config, NNablaOperations())
            stages = build_stages(networks)
            networks.load(parameters, origin)
        return stages

    def detect(self, image: FloatArray) -> Keypoints:
        self._check(image)
        found = self._run("keypoints", image=image[None])
        jacobian = found["jacobian"][0] if "jacobian" in found else None
        return Keypoints(found["value"][0], jacobian)

    def encode(self, image: FloatArray) -> SourceFeatures:
        self._check(image)
        return SourceFeatures(image.copy(), self._run("encoder", source=image[None]))

    def render(
        self,
        features: SourceFeatures,
        kp_source: Keypoints,
        kp_driving: Keypoints,
        diagnostics: bool = False,
    ) -> Rendering:
        self._check(features.image)
        encoded = features.payload
        keypoints = motion_inputs(kp_source, kp_driving)
        motion = self._run("motion", small=encoded["small"], **keypoints)
        moved = {name: motion[name] for name in MOTION_TO_DECODER if name in motion}
        decoded = self._run(
            "decoder", source=features.image[None], features=encoded["features"], **moved
        )
        prediction = decoded["prediction"][0]
        if not diagnostics:
            return Rendering(prediction)
        occlusion = motion["occlusion_map"][0] if "occlusion_map" in motion else None
        return Rendering(
            prediction,
            Diagnostics(
                deformed=decoded["deformed"][0],
                occlusion_map=occlusion,
                mask=motion["mask"][0],
                sparse_deformed=motion["sparse_deformed"][0],
                deformation=motion["deformation"][0],
            ),
        )

    def close(self) -> None:
        super().close()
        self._stages = {}

    def _run(self, stage: str, **inputs: FloatArray) -> dict[str, FloatArray]:
        import nnabla as nn

        with nn.context_scope(self._context), self.timer.measure(stage), raise_device_errors():
            return self._stages[stage](**inputs)


def extension_context(name: str, number: str = "0") -> Any:
    """NNabla's context of an extension, ``"cpu"`` or ``"cudnn"``, and of a device's number.

    Raises:
        EngineError: the extension is not installed or finds no device.
    """
    try:
        from nnabla.ext_utils import get_extension_context

        return get_extension_context(name, device_id=number)
    except ImportError as error:
        extra = "nnabla" if name == "cpu" else "cuda"
        raise EngineError(
            f"engine nnabla: expected NNabla with its {name} extension, found none ({error}); "
            f"on Python 3.10 install it with: pip install 'fomm-core[{extra}]'"
        ) from None
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise EngineError(f"engine nnabla: its {name} extension cannot start: {reason}") from None


def _status() -> EngineStatus:
    if not has_module("nnabla"):
        reason = "not installed: pip install 'fomm-core[nnabla]' (Python 3.10)"
        return EngineStatus("nnabla", False, reason, "")
    return EngineStatus("nnabla", True, "", package_version("nnabla"))


def cudnn_status(number: int = 0) -> EngineStatus:
    """Look for the CUDA extension and, where it is there, try a GPU with it.

    Args:
        number: the GPU's.
    """
    if not has_module("nnabla_ext.cudnn"):
        reason = "not installed: pip install 'fomm-core[cuda]' (Python 3.10, NVIDIA GPU)"
        return EngineStatus("nnabla-cudnn", False, reason, "")
    reason = _cudnn_failure(number)
    return EngineStatus("nnabla-cudnn", not reason, reason, package_version("nnabla-ext-cuda120"))


def _cudnn_failure(number: int) -> str:
    """Say why NNabla cannot use a GPU; an empty text if it can."""
    trials = try_devices("nnabla", f"cudnn:{number}")
    if not trials:
        return "no CUDA device found"
    (trial,) = trials
    if trial.usable:
        return ""
    if not trial.device:
        return f"the CUDA extension cannot start: {trial.reason}"
    return (
        "not usable: NNabla's kernels fail on this GPU; use --backend torch (training) or "
        "--engine onnxruntime (inference)"
    )


def _obstacle(files: ModelFiles, precision: Precision) -> str:
    if files.parameters is not None:
        return ""
    return f"{files.name}: expected params.h5, found none; export it without --no-params"


def _start(context: str, files: ModelFiles, choice: EngineChoice) -> Engine:
    if files.parameters is None:
        raise ModelError(_obstacle(files, choice.precision))
    parameters = load_parameters(files.parameters)
    origin = str(files.parameters)
    return NNablaEngine(files.config, parameters, origin, context, choice.device)


def _find_gpus() -> tuple[str, ...]:
    """The GPUs that pass their trial: ``cudnn:0``, ..."""
    return tuple(trial.device for trial in try_devices("nnabla") if trial.usable)


NNABLA = EngineSpec(
    name="nnabla",
    device="cpu",
    precisions=("fp32",),
    status=_status,
    start=partial(_start, "cpu"),
    obstacle=_obstacle,
)

CUDNN = EngineSpec(
    name="nnabla-cudnn",
    device="gpu",
    precisions=("fp32",),
    status=cudnn_status,
    start=partial(_start, "cudnn"),
    obstacle=_obstacle,
    devices=_find_gpus,
)
