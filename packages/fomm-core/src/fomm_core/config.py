"""The configuration: one typed, frozen record for networks, data, training and drawing.

The file layout is the one of the published models (``vox-256.yaml`` and its kin), so that a
``training_info.yaml`` written by a training run, or by an earlier implementation, loads as it
is. A configuration that cannot work fails here, naming the key, what was expected and what
was found.
"""

from __future__ import annotations

import logging
import reprlib
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from typing_extensions import Self

from fomm_core.errors import ConfigError
from fomm_core.yaml_file import read_yaml

logger = logging.getLogger(__name__)


def _yaml_float(value: Any) -> Any:
    """Read ``2e-4`` as a number: YAML 1.1 takes it for text (it wants ``2.0e-4``)."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


_SMALLEST_HEAD = 8
"""Input of a 7x7 convolution without padding that leaves 2x2."""

UnknownKeys = Literal["refuse", "ignore"]
"""Configurations are refused for unknown keys, which mostly are misspelt ones. Published
files of other programs may hold more than is known here."""

Float = Annotated[float, BeforeValidator(_yaml_float)]
Positive = Annotated[float, BeforeValidator(_yaml_float), Field(gt=0)]
Weight = Annotated[NonNegativeFloat, BeforeValidator(_yaml_float)]
Probability = Annotated[float, BeforeValidator(_yaml_float), Field(ge=0, le=1)]
ScaleFactor = Annotated[float, BeforeValidator(_yaml_float), Field(ge=1 / 64, le=1)]
Blocks = Annotated[int, Field(ge=1, le=10)]


class Section(BaseModel):
    """A part of the configuration: frozen, typed, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class FlipParams(Section):
    """Random flips of a training pair, both frames alike."""

    horizontal_flip: bool = False
    time_flip: bool = False


class JitterParams(Section):
    """Strength of the random colour changes; 0 leaves that property alone."""

    brightness: Weight = 0.0
    contrast: Weight = 0.0
    saturation: Weight = 0.0
    hue: Annotated[float, BeforeValidator(_yaml_float), Field(ge=0, le=0.5)] = 0.0


class AugmentationParams(Section):
    """Augmentation of the training pairs."""

    flip_param: FlipParams | None = None
    jitter_param: JitterParams | None = None


class AvatarParams(Section):
    """The procedural data set, drawn in memory instead of read from ``root_dir``.

    Attributes:
        identities: number of different avatars.
        group: avatars that share their motions, so that pairs across them have a true answer.
        motions: number of motions (videos) of each group.
        frames: length of each motion in frames.
        seed: what the set is drawn from; equal seeds give equal pixels.
    """

    identities: PositiveInt = 2500
    group: PositiveInt = 8
    motions: PositiveInt = 16
    frames: PositiveInt = 64
    seed: NonNegativeInt = 0


class DatasetParams(Section):
    """Where the frames come from.

    Attributes:
        root_dir: folder with ``train/`` and ``test/``, or one flat folder.
        avatars: draw avatars in memory instead; ``root_dir`` is then not read.
        frame_shape: (height, width, channels) of the frames that the networks see.
        id_sampling: names are ``identity#...``; an epoch visits identities.
        pairs_list: CSV of source and driving videos of the original implementation.
    """

    root_dir: str = "data"
    frame_shape: Annotated[tuple[PositiveInt, PositiveInt, PositiveInt], Field(strict=False)] = (
        256,
        256,
        3,
    )
    id_sampling: bool = False
    pairs_list: str | None = None
    avatars: AvatarParams | None = None
    augmentation_params: AugmentationParams = AugmentationParams()


class CommonParams(Section):
    """What keypoint detector and generator share.

    Attributes:
        num_kp: number of keypoints K.
        num_channels: colour channels of the frames, which are RGB.
        estimate_jacobian: also estimate the local affine transformations.
    """

    num_kp: PositiveInt = 10
    num_channels: Literal[3] = 3
    estimate_jacobian: bool = True


class HourglassParams(Section):
    """An hourglass on a down-scaled frame.

    Attributes:
        block_expansion: channels before the first block; block i has
            ``min(max_features, block_expansion * 2 ** (i + 1))``.
        max_features: upper bound of the channels.
        num_blocks: number of down (and of up) blocks.
        scale_factor: size of the hourglass's input relative to the frame, 1 / integer.
    """

    block_expansion: PositiveInt
    max_features: PositiveInt
    num_blocks: Blocks
    scale_factor: ScaleFactor = 0.25

    @field_validator("scale_factor")
    @classmethod
    def _inverse_is_integer(cls, value: float) -> float:
        if abs(1 / value - round(1 / value)) > 1e-6:
            raise ValueError(f"expected 1 / integer (1, 0.5, 0.25, ...), found {value}")
        return value

    @property
    def stride(self) -> int:
        """Frame pixels for one pixel of the hourglass's input."""
        return round(1 / self.scale_factor)


class KeypointDetectorParams(HourglassParams):
    """The keypoint detector (Section 3.1 of the paper).

    Attributes:
        temperature: divisor of the heat maps before the spatial softmax.
        single_jacobian_map: one set of four jacobian maps for all keypoints.
        pad: padding of the 7x7 heads; 0 as in all published models.
    """

    temperature: Positive = 0.1
    single_jacobian_map: bool = False
    pad: NonNegativeInt = 0


class DenseMotionParams(HourglassParams):
    """The dense motion network (Section 3.2 of the paper).

    Attributes:
        kp_variance: variance of the Gaussian heat maps, in squared grid units.
    """

    kp_variance: Positive = 0.01


class GeneratorParams(Section):
    """The generator (Section 3.2 and supplementary of the paper).

    Attributes:
        block_expansion, max_features: channels, as in :class:`HourglassParams`.
        num_down_blocks: blocks that halve the source before it is warped.
        num_bottleneck_blocks: residual blocks after the warp.
        estimate_occlusion_map: multiply the warped features by an occlusion map.
        skip: ``prediction = occlusion * deformed + (1 - occlusion) * prediction``;
            off in all published models.
        dense_motion_params: the dense motion network inside the generator.
    """

    block_expansion: PositiveInt
    max_features: PositiveInt
    num_down_blocks: Annotated[int, Field(ge=0, le=10)] = 2
    num_bottleneck_blocks: NonNegativeInt = 6
    estimate_occlusion_map: bool = False
    skip: bool = False
    dense_motion_params: DenseMotionParams

    @model_validator(mode="after")
    def _skip_needs_occlusion(self) -> Self:
        if self.skip and not self.estimate_occlusion_map:
            raise ValueError("skip: expected estimate_occlusion_map true, found false")
        return self


class DiscriminatorParams(Section):
    """The discriminator of stage two.

    Attributes:
        scales: pyramid scales, one discriminator each.
        block_expansion, max_features, num_blocks: channels and blocks.
        sn: spectral normalisation of every convolution.
        use_kp: concatenate the keypoints' heat maps to the input.
        kp_variance: variance of those heat maps.
    """

    scales: list[ScaleFactor] = [1.0]
    block_expansion: PositiveInt = 64
    max_features: PositiveInt = 512
    num_blocks: Blocks = 4
    sn: bool = False
    use_kp: bool = False
    kp_variance: Positive = 0.01


class ModelParams(Section):
    """The networks."""

    common_params: CommonParams = CommonParams()
    kp_detector_params: KeypointDetectorParams
    generator_params: GeneratorParams
    discriminator_params: DiscriminatorParams | None = None


class TransformParams(Section):
    """The random transformation of the equivariance losses."""

    sigma_affine: Weight = 0.05
    sigma_tps: Weight = 0.005
    points_tps: PositiveInt = 5


class LossWeights(Section):
    """Weights of the losses; 0, an empty list or ``null`` turns a loss off.

    Attributes:
        generator_gan, discriminator_gan: least-squares GAN losses of stage two.
        feature_matching: one weight for each block of the discriminator.
        perceptual: one weight for each of VGG19's relu1_1 .. relu5_1.
        equivariance_value, equivariance_jacobian: keypoints under known transformations.
        reconstruction: L1 between prediction and target on the pyramid of ``scales``.
        gradient: L1 between the image gradients of prediction and target.
        warped_source: L1 between the deformed source and the target.
        keypoint_supervision, jacobian_supervision: L1 to true keypoints, where the data has
            them (avatars).
    """

    generator_gan: Weight | None = 0.0
    discriminator_gan: Weight | None = 0.0
    feature_matching: list[Weight] | None = None
    perceptual: list[Weight] | None = None
    equivariance_value: Weight | None = 0.0
    equivariance_jacobian: Weight | None = 0.0
    reconstruction: Weight | None = 0.0
    gradient: Weight | None = 0.0
    warped_source: Weight | None = 0.0
    keypoint_supervision: Weight | None = 0.0
    jacobian_supervision: Weight | None = 0.0


class TrainParams(Section):
    """Training; see the documentation of fomm-train.

    Attributes:
        num_epochs: length of the whole training (stage one included, for stage two).
        num_repeats: visits of every video (or identity) in one epoch.
        epoch_milestones: epochs at which the learning rates fall to a tenth.
        batch_size: pairs per rank and step.
        scales: pyramid of the perceptual and reconstruction losses.
        checkpoint_freq: epochs between parameter files.
        vgg_param_path: VGG19 parameters (.h5) of the perceptual loss; fetched if ``null``.
        seed: what all random draws of a training derive from.
        decay_from, decay_to: the learning rates fall geometrically to ``decay_to`` times
            themselves between this fraction of all steps and the end; 1 leaves them alone.
        region_weight: weight of eyes and mouth in the losses on images, where the data
            knows them (avatars).
        cross_identity: share of pairs whose driving frame shows another avatar.
        true_keypoints_until: the networks are fed true keypoints (avatars) with a
            probability that falls from 1 to 0 over this fraction of all steps.
    """

    num_epochs: PositiveInt = 100
    num_repeats: PositiveInt = 1
    epoch_milestones: list[NonNegativeInt] = []
    lr_generator: Weight = 2e-4
    lr_discriminator: Weight = 2e-4
    lr_kp_detector: Weight = 2e-4
    batch_size: PositiveInt = 1
    scales: list[ScaleFactor] = [1.0, 0.5, 0.25, 0.125]
    checkpoint_freq: PositiveInt = 50
    vgg_param_path: str | None = None
    transform_params: TransformParams = TransformParams()
    loss_weights: LossWeights = LossWeights()
    seed: NonNegativeInt = 0
    decay_from: Probability = 1.0
    decay_to: Annotated[float, BeforeValidator(_yaml_float), Field(gt=0, le=1)] = 1.0
    region_weight: Positive = 1.0
    cross_identity: Probability = 0.0
    true_keypoints_until: Probability = 0.0


class VisualizerParams(Section):
    """Drawing of keypoints and sheets.

    Attributes:
        kp_size: radius of a keypoint in pixels of a 256x256 frame.
        draw_border: thin lines between the panels of a sheet.
        colormap: a matplotlib colour map, one colour a keypoint.
    """

    kp_size: PositiveInt = 5
    draw_border: bool = True
    colormap: str = "gist_rainbow"


class MonitorParams(Section):
    """Where and how often a training run logs."""

    monitor_path: str = "tmp.monitor"
    monitor_freq: PositiveInt = 1200
    visualize_freq: PositiveInt = 1200


class Config(Section):
    """A whole configuration.

    Attributes:
        log_dir, saved_parameters: written into ``training_info.yaml`` by a training run;
            ``saved_parameters`` is the parameter file to use where none is named.
        reconstruction_params, animate_params: sections of the original PyTorch
            implementation, accepted and not used.
    """

    dataset_params: DatasetParams = DatasetParams()
    model_params: ModelParams
    train_params: TrainParams = TrainParams()
    visualizer_params: VisualizerParams = VisualizerParams()
    monitor_params: MonitorParams = MonitorParams()
    reconstruction_params: dict[str, Any] | None = None
    animate_params: dict[str, Any] | None = None
    log_dir: str | None = None
    saved_parameters: str | None = None

    @property
    def frame_size(self) -> tuple[int, int]:
        """(height, width) of the frames in pixels."""
        height, width, _ = self.dataset_params.frame_shape
        return height, width

    @model_validator(mode="after")
    def _shapes_fit(self) -> Self:
        channels = self.dataset_params.frame_shape[2]
        expected = self.model_params.common_params.num_channels
        if channels != expected:
            raise ValueError(
                f"dataset_params.frame_shape: expected {expected} channels "
                f"(model_params.common_params.num_channels), found {channels}"
            )
        for key, multiple in self._required_multiples():
            for name, side in zip(("height", "width"), self.frame_size, strict=True):
                if side % multiple:
                    raise ValueError(
                        f"dataset_params.frame_shape: expected a {name} divisible by "
                        f"{multiple} ({key}), found {side}"
                    )
        self._require_heat_map()
        return self

    def _require_heat_map(self) -> None:
        """The 7x7 heads must leave heat maps of at least 2x2, or there are no coordinates."""
        detector = self.model_params.kp_detector_params
        smallest = detector.stride * (_SMALLEST_HEAD - 2 * detector.pad)
        for name, side in zip(("height", "width"), self.frame_size, strict=True):
            if side < smallest:
                raise ValueError(
                    f"dataset_params.frame_shape: expected a {name} of at least {smallest} "
                    "(model_params.kp_detector_params: scale_factor and pad), "
                    f"found {side}"
                )

    def _required_multiples(self) -> list[tuple[str, int]]:
        """What the frame's sides must be divisible by, with the key that demands it."""
        detector = self.model_params.kp_detector_params
        generator = self.model_params.generator_params
        motion = generator.dense_motion_params
        return [
            (
                "model_params.kp_detector_params: num_blocks and scale_factor",
                detector.stride * 2**detector.num_blocks,
            ),
            (
                "model_params.generator_params.dense_motion_params: num_blocks and scale_factor",
                motion.stride * 2**motion.num_blocks,
            ),
            ("model_params.generator_params.num_down_blocks", 2**generator.num_down_blocks),
        ]


def load_config(path: str | Path, unknown: UnknownKeys = "refuse") -> Config:
    """Load and check a YAML configuration.

    Args:
        path: the file.
        unknown: what to do with keys that are not known here.

    Raises:
        ConfigError: the file is missing, is not YAML, or cannot work.
    """
    path = Path(path)
    return parse_config(read_yaml(path, ConfigError), str(path), unknown)


def parse_config(data: Any, name: str = "configuration", unknown: UnknownKeys = "refuse") -> Config:
    """Check a configuration given as plain data (what a YAML file holds).

    Args:
        data: a mapping of sections.
        name: how to call it in error messages.
        unknown: what to do with keys that are not known here; ``"ignore"`` warns of each.

    Raises:
        ConfigError: the configuration cannot work; the message names the first bad key.
    """
    if not isinstance(data, dict):
        raise ConfigError(f"{name}: expected a mapping of sections, found {_shown(data)}")
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        strange = [e["loc"] for e in error.errors() if e["type"] == "extra_forbidden"]
        if unknown == "refuse" or not strange:
            raise ConfigError(f"{name}: {explain(error)}") from None
    known = deepcopy(data)
    for keys in strange:
        logger.warning("%s: %s: unknown key, ignored", name, ".".join(map(str, keys)))
        _remove(known, keys)
    return parse_config(known, name)


def _remove(data: Any, keys: tuple[int | str, ...]) -> None:
    """Remove what a path of keys leads to."""
    for key in keys[:-1]:
        data = data[key]
    data.pop(keys[-1], None)  # gone already where two sections are one, by a YAML alias


def dump_config(config: Config) -> str:
    """Write a configuration as YAML text that :func:`load_config` reads back equal."""
    data = config.model_dump(mode="json")
    return yaml.safe_dump(data, sort_keys=False)


def explain(error: ValidationError) -> str:
    """Say the first problem of a pydantic model in one line: key, expectation, finding."""
    problems = error.errors(include_url=False)
    text = " ".join(_problem(problems[0]).split())
    more = len(problems) - 1
    return f"{text} (and {more} more)" if more else text


def _problem(details: ErrorDetails) -> str:
    """Say one problem."""
    key = ".".join(str(part) for part in details["loc"])
    found = _shown(details["input"])
    kind, message = details["type"], details["msg"]
    if kind == "extra_forbidden":
        return f"{key}: unknown key"
    if kind == "invalid_key":
        return f"{key}: expected a key that is text, found {found}"
    if kind == "missing":
        return f"{key}: expected a value, found none"
    if kind == "too_long":
        return f"{key}: expected at most {details['ctx']['max_length']} values, found {found}"
    if kind == "value_error":
        reason = message.removeprefix("Value error, ")
        return f"{key}: {reason}" if key else reason
    return f"{key}: expected {message.removeprefix('Input should be ')}, found {found}"


def _shown(value: Any) -> str:
    """Show a value in an error message, on one line and not too long."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = 60
    text = " ".join(short.repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
