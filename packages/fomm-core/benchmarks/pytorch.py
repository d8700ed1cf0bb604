"""Frames per second of the networks in PyTorch and compiled by OpenVINO, in one run.

    pip install torch ./packages/fomm-core
    cd packages/fomm-core
    python benchmarks/pytorch.py ../fomm-train/src/fomm_train/configs/vox-256.yaml

As the original implementation does, PyTorch detects the driving frame's keypoints and runs the
whole generator, source included, for every frame; ``source once`` keeps the encoded source, as
the compiled engine does. Both have the same random parameters and as many threads as the
machine has cores; the largest difference of their predictions tells that they compute the same.
Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from fomm_core.config import Config, HourglassParams, load_config
from fomm_core.engine.openvino import OpenVINOEngine
from fomm_core.export.exporter import export_bundle, random_parameters
from fomm_core.model.bundle import ModelCard
from fomm_core.motion.keypoints import Keypoints

ROUNDS = 7

Tensor = torch.Tensor


class TorchNetworks:
    """The networks in PyTorch, on its default device; parameters by NNabla's names."""

    def __init__(self, config: Config, parameters: dict[str, np.ndarray[Any, Any]]) -> None:
        self._model = config.model_params
        self._arrays = {name: to_tensor(value) for name, value in parameters.items()}

    def detect(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Keypoints (B, K, 2) and jacobians (B, K, 2, 2) of images."""
        params = self._model.kp_detector_params
        features = self._hourglass("kp_detector", _shrink(image, params.stride), params)
        logits = self._conv("kp_detector/keypoint_detector/conv", features, params.pad)
        heat = F.softmax(logits.flatten(2) / params.temperature, dim=2).view_as(logits)
        value = torch.einsum("bkhw,hwc->bkc", heat, _grid(*logits.shape[2:]))
        maps = self._conv("kp_detector/jacobian_estimator/conv", features, params.pad)
        maps = maps.view(len(maps), -1, 4, *maps.shape[2:])
        jacobian = torch.einsum("bkhw,bkjhw->bkj", heat, maps)
        return value, jacobian.view(*value.shape[:2], 2, 2)

    def encode(self, source: Tensor) -> Tensor:
        """The source's features."""
        features = self._block("generator/downblock", source, 3)
        for i in range(self._model.generator_params.num_down_blocks):
            block = f"generator/downblock_{i}/downblock"
            features = F.avg_pool2d(self._block(block, features, 1), 2)
        return features

    def generate(self, source: Tensor, features: Tensor, *keypoints: Tensor) -> Tensor:
        """The frame for (value, jacobian) of the source and of the driving frame."""
        deformation, occlusion = self._motion(source, *keypoints)
        hidden = _warp(features, _resize(deformation, features.shape[2:]))
        hidden = hidden * _resize(occlusion, features.shape[2:])
        params = self._model.generator_params
        for i in range(params.num_bottleneck_blocks):
            inner = hidden
            for half in ("convblock_0", "convblock_2"):
                name = f"generator/residual_block_{i}/{half}"
                inner = self._conv(f"{name}/conv", F.relu(self._norm(f"{name}/bn", inner)), 1)
            hidden = hidden + inner
        for i in range(params.num_down_blocks):
            hidden = self._block(f"generator/upblock_{i}/upblock", _double(hidden), 1)
        return torch.sigmoid(self._conv("generator/final_conv/conv", hidden, 3))

    def _motion(
        self, source: Tensor, value: Tensor, jacobian: Tensor, moved: Tensor, turned: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Deformation (B, 2, h, w) and occlusion map (B, 1, h, w)."""
        params = self._model.generator_params.dense_motion_params
        small = _shrink(source, params.stride)
        batch, channels, height, width = small.shape
        grid = _grid(height, width)
        local = jacobian @ torch.inverse(turned)
        motions = torch.einsum("bkij,bkhwj->bkhwi", local, grid - moved[:, :, None, None])
        motions = motions + value[:, :, None, None]
        motions = torch.cat([grid.expand(batch, 1, -1, -1, -1), motions], dim=1)
        count = motions.shape[1]
        copies = small[:, None].expand(-1, count, -1, -1, -1).reshape(-1, *small.shape[1:])
        warped = _warp(copies, motions.flatten(0, 1).permute(0, 3, 1, 2))
        heatmaps_driving = [
            torch.exp((grid - v[:, :, None, None]).square().sum(-1) * (-0.5 / params.kp_variance))
            for v in (moved, value)
        ]
        heat = F.pad(heatmaps_driving[0] - heatmaps_driving[1], (0, 0, 0, 0, 1, 0))
        inputs = torch.cat(
            [heat[:, :, None], warped.view(batch, count, channels, height, width)], 2
        )
        name = "generator/dense_motion_prediction"
        features = self._hourglass(name, inputs.flatten(1, 2), params)
        mask = torch.softmax(self._conv(f"{name}/mask/conv", features, 3), dim=1)
        deformation = torch.einsum("bkhw,bkhwc->bchw", mask, motions)
        return deformation, torch.sigmoid(self._conv(f"{name}/occlusion_map/conv", features, 3))

    def _hourglass(self, name: str, x: Tensor, params: HourglassParams) -> Tensor:
        skips = [x]
        for i in range(params.num_blocks):
            block = f"{name}/hourglass/encoder/downblock_{i}/downblock"
            skips.append(F.avg_pool2d(self._block(block, skips[-1], 1), 2))
        hidden = skips.pop()
        for i in range(params.num_blocks):
            block = f"{name}/hourglass/decoder/upblock_{i}/upblock"
            hidden = torch.cat([self._block(block, _double(hidden), 1), skips.pop()], dim=1)
        return hidden

    def _block(self, name: str, x: Tensor, pad: int) -> Tensor:
        return F.relu(self._norm(f"{name}/bn", self._conv(f"{name}/conv", x, pad)))

    def _conv(self, name: str, x: Tensor, pad: int) -> Tensor:
        return F.conv2d(x, self._arrays[f"{name}/W"], self._arrays[f"{name}/b"], padding=pad)

    def _norm(self, name: str, x: Tensor) -> Tensor:
        stored = (self._arrays[f"{name}/{part}"].flatten() for part in ("mean", "var"))
        scales = (self._arrays[f"{name}/{part}"].flatten() for part in ("gamma", "beta"))
        return F.batch_norm(x, *stored, *scales, eps=1e-5)


def to_tensor(array: np.ndarray[Any, Any]) -> Tensor:
    """An array on PyTorch's default device."""
    return torch.from_numpy(array).to(torch.get_default_device())


def _grid(height: int, width: int) -> Tensor:
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij"
    )
    return torch.stack([x, y], dim=-1)


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2)


def _resize(maps: Tensor, size: torch.Size) -> Tensor:
    return F.interpolate(maps, size=tuple(size), mode="bilinear", align_corners=False)


def _warp(x: Tensor, deformation: Tensor) -> Tensor:
    return F.grid_sample(x, deformation.permute(0, 2, 3, 1), align_corners=True)


def _shrink(image: Tensor, stride: int) -> Tensor:
    from fomm_core.convert.torch_checkpoint import anti_alias_kernel

    if stride == 1:
        return image
    kernel = to_tensor(anti_alias_kernel(1 / stride, image.shape[1]))
    smooth = F.conv2d(image, kernel, padding=kernel.shape[-1] // 2, groups=image.shape[1])
    return smooth[:, :, ::stride, ::stride]


def measure(config: Config) -> dict[str, Any]:
    """Seconds a frame, in turns; medians."""
    parameters = random_parameters(config)
    networks = TorchNetworks(config, parameters)
    source, driving = np.random.default_rng(0).random((2, 3, *config.frame_size), np.float32)
    images = [torch.from_numpy(image)[None] for image in (source, driving)]
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        card = ModelCard(name="speed", config=config)
        bundle = export_bundle(Path(folder) / "speed", card, parameters, keep_parameters=False)
        with OpenVINOEngine(bundle.graphs) as engine:
            known, encoded = networks.detect(images[0]), networks.encode(images[0])
            features, kp_source = engine.encode(source), engine.detect(source)

            def original() -> Tensor:
                kept = networks.encode(images[0])
                return networks.generate(images[0], kept, *known, *networks.detect(images[1]))

            def once() -> Tensor:
                return networks.generate(images[0], encoded, *known, *networks.detect(images[1]))

            def compiled() -> Any:
                return engine.render(features, kp_source, engine.detect(driving)).prediction

            moved = Keypoints(kp_source.value + 0.05, kp_source.jacobian)
            expected = networks.generate(images[0], encoded, *known, known[0] + 0.05, known[1])
            found = engine.render(features, kp_source, moved).prediction
            difference = float(np.abs(expected[0].numpy() - found).max())
            seconds = time_in_turns(
                {"pytorch": original, "pytorch, source once": once, "openvino": compiled}
            )
    rates = {name: round(1 / value, 2) for name, value in seconds.items()}
    ratio = round(seconds["pytorch"] / seconds["openvino"], 2)
    return {"frames_per_second": rates, "ratio": ratio, "largest_difference": difference}


def time_in_turns(runs: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median seconds of each, one call of each in turn."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(ROUNDS + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> None:
    """Measure the configurations that are named."""
    torch.set_num_threads(os.cpu_count() or 1)
    results = {Path(path).stem: measure(load_config(path)) for path in sys.argv[1:]}
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
