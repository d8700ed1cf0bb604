"""The name table between the original PyTorch implementation and NNabla.

Both implementations build the same layers in the same order; this module lists them, one
:class:`Layer` each with its two names, and everything about names is said here once.
:mod:`fomm_core.convert.torch_checkpoint` moves the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from fomm_core.config import Config

KP_DETECTOR = "kp_detector"
GENERATOR = "generator"
DISCRIMINATOR = "discriminator"
NETWORKS = (KP_DETECTOR, GENERATOR, DISCRIMINATOR)
"""The networks of a checkpoint, in the order in which NNabla creates their parameters."""


class Kind(Enum):
    """Kind of a layer; it decides which tensors the layer has."""

    CONV = "convolution"
    SPECTRAL_CONV = "convolution with spectral normalisation"
    BATCH_NORM = "batch normalisation"
    INSTANCE_NORM = "instance normalisation"
    ANTI_ALIAS = "anti-aliased down-scaling"


TENSORS: dict[Kind, tuple[tuple[str, str], ...]] = {
    Kind.CONV: (("weight", "W"), ("bias", "b")),
    Kind.SPECTRAL_CONV: (("weight_orig", "W"), ("weight_u", "spectral-norm/u"), ("bias", "b")),
    Kind.BATCH_NORM: (
        ("bias", "beta"),
        ("weight", "gamma"),
        ("running_mean", "mean"),
        ("running_var", "var"),
    ),
    Kind.INSTANCE_NORM: (("bias", "beta"), ("weight", "gamma")),
    Kind.ANTI_ALIAS: (),
}
"""(PyTorch, NNabla) names of each kind's tensors, in the order of NNabla."""

DERIVED: dict[Kind, str] = {
    Kind.SPECTRAL_CONV: "weight_v",
    Kind.BATCH_NORM: "num_batches_tracked",
    Kind.ANTI_ALIAS: "weight",
}
"""The tensor that only PyTorch stores: it follows from the others or has no effect."""


@dataclass(frozen=True)
class Layer:
    """One layer under both its names.

    Attributes:
        torch: module path inside the network, such as ``down_blocks.0.conv``.
        nnabla: parameter scope with the network, such as
            ``generator/downblock_0/downblock/conv``; empty where NNabla keeps no parameters.
        kind: what the layer is.
    """

    torch: str
    nnabla: str
    kind: Kind


@dataclass(frozen=True)
class DiscriminatorShape:
    """Structure of one discriminator, read from its own names: :func:`discriminators_in`.

    Attributes:
        scale: pyramid scale as NNabla writes it, such as ``1`` or ``0.5``.
        num_blocks: number of down blocks.
        spectral: whether its convolutions are spectrally normalised.
    """

    scale: str
    num_blocks: int
    spectral: bool


def network_layers(network: str, config: Config, names: Iterable[str]) -> list[Layer]:
    """List the layers of one network in the order of NNabla.

    Args:
        network: one of :data:`NETWORKS`.
        config: says which layers keypoint detector and generator have.
        names: all names found of that network, in either form; they alone say which
            discriminators there are, as the configuration may leave that section out.
    """
    if network == KP_DETECTOR:
        return list(_kp_detector(config))
    if network == GENERATOR:
        return list(_generator(config))
    return [layer for shape in discriminators_in(names) for layer in _discriminator(shape)]


def _conv_norm(torch: str, nnabla: str) -> Iterator[Layer]:
    """Convolution and batch normalisation of a down, up or same block."""
    yield Layer(f"{torch}.conv", f"{nnabla}/conv", Kind.CONV)
    yield Layer(f"{torch}.norm", f"{nnabla}/bn", Kind.BATCH_NORM)


def _hourglass(torch: str, nnabla: str, num_blocks: int) -> Iterator[Layer]:
    for i in range(num_blocks):
        yield from _conv_norm(
            f"{torch}.encoder.down_blocks.{i}", f"{nnabla}/encoder/downblock_{i}/downblock"
        )
    for i in range(num_blocks):
        yield from _conv_norm(
            f"{torch}.decoder.up_blocks.{i}", f"{nnabla}/decoder/upblock_{i}/upblock"
        )


def _kp_detector(config: Config) -> Iterator[Layer]:
    params = config.model_params.kp_detector_params
    yield from _hourglass("predictor", "kp_detector/hourglass", params.num_blocks)
    yield Layer("kp", "kp_detector/keypoint_detector/conv", Kind.CONV)
    if config.model_params.common_params.estimate_jacobian:
        yield Layer("jacobian", "kp_detector/jacobian_estimator/conv", Kind.CONV)
    if params.scale_factor != 1:
        yield Layer("down", "", Kind.ANTI_ALIAS)


def _generator(config: Config) -> Iterator[Layer]:
    params = config.model_params.generator_params
    yield from _conv_norm("first", "generator/downblock")
    for i in range(params.num_down_blocks):
        yield from _conv_norm(f"down_blocks.{i}", f"generator/downblock_{i}/downblock")
    yield from _dense_motion(config)
    if params.motion_features:
        yield Layer("motion_features", "generator/motion_features/conv", Kind.CONV)
    for i in range(params.num_bottleneck_blocks):
        yield from _residual(f"bottleneck.r{i}", f"generator/residual_block_{i}")
    for i in range(params.num_down_blocks):
        yield from _conv_norm(f"up_blocks.{i}", f"generator/upblock_{i}/upblock")
    yield Layer("final", "generator/final_conv/conv", Kind.CONV)


def _dense_motion(config: Config) -> Iterator[Layer]:
    torch, nnabla = "dense_motion_network", "generator/dense_motion_prediction"
    params = config.model_params.generator_params.dense_motion_params
    yield from _hourglass(f"{torch}.hourglass", f"{nnabla}/hourglass", params.num_blocks)
    yield Layer(f"{torch}.mask", f"{nnabla}/mask/conv", Kind.CONV)
    if config.model_params.generator_params.estimate_occlusion_map:
        yield Layer(f"{torch}.occlusion", f"{nnabla}/occlusion_map/conv", Kind.CONV)
    if params.scale_factor != 1:
        yield Layer(f"{torch}.down", "", Kind.ANTI_ALIAS)


def _residual(torch: str, nnabla: str) -> Iterator[Layer]:
    # NNabla counts the activation between the two halves as convblock_1.
    for half, block in (("1", "convblock_0"), ("2", "convblock_2")):
        yield Layer(f"{torch}.norm{half}", f"{nnabla}/{block}/bn", Kind.BATCH_NORM)
        yield Layer(f"{torch}.conv{half}", f"{nnabla}/{block}/conv", Kind.CONV)


def _discriminator(shape: DiscriminatorShape) -> Iterator[Layer]:
    # PyTorch forbids dots in the names of modules: 0.5 is written 0-5 there.
    torch = f"discs.{shape.scale.replace('.', '-')}"
    nnabla = f"discriminator/{shape.scale}"
    conv = Kind.SPECTRAL_CONV if shape.spectral else Kind.CONV
    for i in range(shape.num_blocks):
        yield Layer(f"{torch}.down_blocks.{i}.conv", f"{nnabla}/downblock_{i}/conv", conv)
        if i > 0:  # the first block sees the picture itself and does not normalise it
            yield Layer(
                f"{torch}.down_blocks.{i}.norm",
                f"{nnabla}/downblock_{i}/instance_normalization",
                Kind.INSTANCE_NORM,
            )
    yield Layer(f"{torch}.conv", f"{nnabla}/prediction/conv", conv)


_DISC_BLOCK = re.compile(
    r"(?:discs\.(?P<torch>\d[\d-]*)\.down_blocks\.|discriminator/(?P<nnabla>\d[\d.]*)/downblock_)"
    r"(?P<block>\d+)"
)


def discriminators_in(names: Iterable[str]) -> list[DiscriminatorShape]:
    """Find out how the discriminators of a checkpoint are built.

    Args:
        names: tensor names, in PyTorch's or NNabla's form; others are passed over.
    """
    blocks: dict[str, set[int]] = {}
    spectral: set[str] = set()
    for name in names:
        match = _DISC_BLOCK.match(name)
        if match is None:
            continue
        scale = match["nnabla"] or match["torch"].replace("-", ".")
        blocks.setdefault(scale, set()).add(int(match["block"]))
        if name.endswith(("weight_orig", "spectral-norm/u")):
            spectral.add(scale)
    return [DiscriminatorShape(s, len(found), s in spectral) for s, found in blocks.items()]
