"""Sections about training: losses, schedule, logging."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, NonNegativeInt, PositiveInt, model_validator
from typing_extensions import Self

from fomm_core.config.section import Positive, Probability, ScaleFactor, Section, Weight, yaml_float


class TransformParams(Section):
    """The random transformation of the equivariance losses, and of the detector's own frames.

    Attributes:
        sigma_affine: standard deviation of the affine part's six numbers.
        sigma_tps: standard deviation of the bending (thin-plate splines).
        points_tps: control points of the bending along a side.
        rotation: greatest turn in degrees.
        scale: greatest factor of the size.
        shift: greatest translation, in half widths of the frame.
    """

    sigma_affine: Weight = 0.05
    sigma_tps: Weight = 0.005
    points_tps: PositiveInt = 5
    rotation: Weight = 0.0
    scale: Annotated[float, BeforeValidator(yaml_float), Field(ge=1)] = 1.0
    shift: Weight = 0.0


class RegionShares(Section):
    """Share of the region weight that each label of a label map gets, 0 to 1.

    A pixel counts ``1 + (region_weight - 1) * share``.
    """

    background: Probability = 0.0
    skin: Probability = 0.0
    hair: Probability = 0.0
    eyes: Probability = 1.0
    mouth: Probability = 1.0
    clothes: Probability = 0.0
    brows: Probability = 0.0


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
            them (avatars, rendered people).
        transformed_keypoints, transformed_jacobians: the same in target frames of another
            appearance (``appearance_param``) under known transformations.
        background_supervision: L1 between the deformation and none at all, where the target
            shows background that stands still (avatars).
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
    transformed_keypoints: Weight | None = 0.0
    transformed_jacobians: Weight | None = 0.0
    background_supervision: Weight | None = 0.0

    @property
    def is_equivariant(self) -> bool:
        """Whether keypoints are compared with those of transformed frames."""
        return bool(self.equivariance_value or self.equivariance_jacobian)

    @property
    def supervise_transformed(self) -> bool:
        """Whether the detector learns true keypoints under transformations."""
        return bool(self.transformed_keypoints or self.transformed_jacobians)


_DETECTOR_LOSSES = (
    "keypoint_supervision",
    "jacobian_supervision",
    "transformed_keypoints",
    "transformed_jacobians",
    "equivariance_value",
    "equivariance_jacobian",
)


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
            knows them (avatars, rendered people).
        region_shares: of label maps, how much of that weight each label gets.
        cross_identity: share of pairs whose driving frame shows another person.
        relative_motion: motion is taken relative to a frame of the driving's identity in the
            source's pose, as animation takes it; for people whose keypoints differ.
        true_keypoints_until: the networks are fed true keypoints (avatars) with a
            probability that falls from 1 to 0 over this fraction of all steps.
        true_keypoints_only: the networks are always fed true keypoints, and the detector is
            left as it is.
        adversarial_from: the discriminator, and what the generator learns from it, begin after
            this fraction of all steps.
        images_train_detector: the losses on images train the keypoint detector too, as in the
            paper; without, it learns from the losses on keypoints alone.
        averaging_decay: share of the averages of generator and detector that a step leaves in
            place; these averages are exported. 0 exports the parameters of the last step.
        statistics_batches: batches on which the running statistics of batch normalisation are
            estimated anew at the end, for what is exported; 0 leaves them as recorded.
    """

    num_epochs: PositiveInt = 100
    num_repeats: PositiveInt = 1
    epoch_milestones: list[NonNegativeInt] = Field(default=[])
    lr_generator: Weight = 2e-4
    lr_discriminator: Weight = 2e-4
    lr_kp_detector: Weight = 2e-4
    batch_size: PositiveInt = 1
    scales: list[ScaleFactor] = Field(default=[1.0, 0.5, 0.25, 0.125])
    checkpoint_freq: PositiveInt = 50
    vgg_param_path: str | None = None
    transform_params: TransformParams = TransformParams()
    loss_weights: LossWeights = LossWeights()
    seed: NonNegativeInt = 0
    decay_from: Probability = 1.0
    decay_to: Annotated[float, BeforeValidator(yaml_float), Field(gt=0, le=1)] = 1.0
    region_weight: Positive = 1.0
    region_shares: RegionShares = RegionShares()
    cross_identity: Probability = 0.0
    relative_motion: bool = False
    true_keypoints_until: Probability = 0.0
    true_keypoints_only: bool = False
    adversarial_from: Probability = 0.0
    images_train_detector: bool = True
    averaging_decay: Annotated[float, BeforeValidator(yaml_float), Field(ge=0, lt=1)] = 0.0
    statistics_batches: NonNegativeInt = 0

    @model_validator(mode="after")
    def _untrained_detector_has_no_losses(self) -> Self:
        if self.true_keypoints_only:
            for name in _DETECTOR_LOSSES:
                weight = getattr(self.loss_weights, name)
                if weight:
                    raise ValueError(
                        f"loss_weights.{name}: expected 0 with true_keypoints_only, which leaves "
                        f"the detector as it is, found {weight:g}"
                    )
        return self


class MonitorParams(Section):
    """Place and frequency of a training run's logs."""

    monitor_path: str = "tmp.monitor"
    monitor_freq: PositiveInt = 1200
    visualize_freq: PositiveInt = 1200
