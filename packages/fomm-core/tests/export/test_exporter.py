"""Exported models are equal to NNabla's, are kept in the cache, and wrong ones never appear."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from fomm_core.engine.openvino import OpenVINOEngine
from fomm_core.errors import EngineError, ExportError, OutputError, ParameterError
from fomm_core.export import exporter, lowering
from fomm_core.export.exporter import cached_export, export_bundle, export_graphs
from fomm_core.graphs import up_scaling
from fomm_core.model.bundle import STAGES, ModelCard, open_bundle
from fomm_core.model.parameters import load_parameters, save_parameters
from fomm_core.motion.keypoints import Keypoints

pytestmark = pytest.mark.usefixtures("nnabla")

TOLERANCE = 2e-4

OPTIONS = {
    "plain": {},
    "one jacobian map": {"kp_detector_params": {"single_jacobian_map": True}},
    "no jacobian": {"common_params": {"estimate_jacobian": False}},
    "no occlusion map": {"generator_params": {"estimate_occlusion_map": False}},
    "skip": {"generator_params": {"skip": True}},
    "motion features": {
        "generator_params": {
            "motion_features": True,
            "dense_motion_params": {"jacobian_maps": True},
        }
    },
    "aligned corners": {
        "generator_params": {
            "align_corners": True,
            "motion_features": True,
            "num_down_blocks": 2,
            "skip": True,
        }
    },
    "1 keypoint": {"common_params": {"num_kp": 1}},
    "15 keypoints": {"common_params": {"num_kp": 15}},
    "0 down blocks": {"generator_params": {"num_down_blocks": 0}},
    "2 down blocks": {"generator_params": {"num_down_blocks": 2}},
    "3 down blocks, no bottleneck": {
        "generator_params": {"num_down_blocks": 3, "num_bottleneck_blocks": 0}
    },
    "whole size": {
        "kp_detector_params": {"scale_factor": 1},
        "generator_params": {"dense_motion_params": {"scale_factor": 1}},
    },
    "a quarter": {
        "kp_detector_params": {"scale_factor": 0.25},
        "generator_params": {"dense_motion_params": {"scale_factor": 0.25}},
    },
    "padded heads": {"kp_detector_params": {"pad": 3}},
    "nothing but the least": {
        "common_params": {"estimate_jacobian": False, "num_kp": 1},
        "generator_params": {"estimate_occlusion_map": False, "num_down_blocks": 0},
    },
}


def smooth_image(size: tuple[int, int], phase: float) -> np.ndarray:
    y, x = np.meshgrid(*(np.linspace(0, 2 * np.pi, side) for side in size), indexing="ij")
    waves = [np.sin(x + a * y + phase * a) for a in (1, 2, 3)]
    return (0.5 + 0.5 * np.stack(waves)).astype(np.float32)


def ordinary_motion(like: Keypoints) -> tuple[Keypoints, Keypoints]:
    rng = np.random.default_rng(3)
    source = rng.uniform(-0.7, 0.7, like.value.shape)
    driving = source + rng.uniform(-0.2, 0.2, source.shape)
    if like.jacobian is None:
        return Keypoints(source), Keypoints(driving)
    turned = np.eye(2) + rng.uniform(-0.2, 0.2, (2, *like.jacobian.shape))
    return Keypoints(source, turned[0]), Keypoints(driving, turned[1])


def outputs(engine) -> dict[str, np.ndarray]:
    """Everything that an engine says about two images and a motion."""
    source, driving = (smooth_image(engine.frame_size, phase) for phase in (0, 2))
    detected = engine.detect(driving)
    rendering = engine.render(engine.encode(source), *ordinary_motion(detected), diagnostics=True)
    found = {
        "value": detected.value,
        "jacobian": detected.jacobian,
        "prediction": rendering.prediction,
        **vars(rendering.diagnostics),
    }
    return {name: array for name, array in found.items() if array is not None}


def assert_equal_engines(config, parameters, graphs: dict[str, Path]) -> None:
    from fomm_core.engine.nnabla import NNablaEngine

    with NNablaEngine(config, parameters, "test") as reference, OpenVINOEngine(graphs) as fast:
        expected, found = outputs(reference), outputs(fast)
    assert expected.keys() == found.keys()
    for name, array in expected.items():
        assert found[name].shape == array.shape, name
        assert found[name].dtype == array.dtype == np.float32
        np.testing.assert_allclose(found[name], array, rtol=0, atol=TOLERANCE, err_msg=name)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_exported(tiny, random_parameters, tmp_path, option):
    config = tiny((32, 64, 3) if option == "a quarter" else (24, 32, 3), **OPTIONS[option])
    parameters = random_parameters(config)
    bundle = export_bundle(tmp_path / "tiny", ModelCard(name="tiny", config=config), parameters)
    assert_equal_engines(config, parameters, bundle.graphs)


@pytest.mark.parametrize("option", ["motion features", "no occlusion map"])
def test_folders_of_the_first_export_run(tiny, random_parameters, tmp_path, monkeypatch, option):
    """Those hold heads apart, 7x7 to three maps, and transposed convolutions of any size."""
    monkeypatch.setattr(up_scaling, "SMALL", 0)
    first = (lowering.fold_reshape, lowering.fold_batch_normalization)
    monkeypatch.setattr(lowering, "RULES", (*first, up_scaling.transpose_up_scaling))
    config = tiny(**OPTIONS[option])
    parameters = random_parameters(config)
    bundle = export_bundle(tmp_path / "tiny", ModelCard(name="tiny", config=config), parameters)
    assert_equal_engines(config, parameters, bundle.graphs)


def test_the_golden_model_is_exported(mini, tmp_path):
    from fomm_core.config import load_config

    config = load_config(mini / "config.yaml")
    parameters = load_parameters(mini / "params.h5")
    bundle = export_bundle(tmp_path / "mini", ModelCard(name="mini", config=config), parameters)
    assert_equal_engines(config, parameters, bundle.graphs)
    kept = load_parameters(bundle.parameters)
    assert list(kept) == list(parameters)


@pytest.fixture
def card(tiny) -> ModelCard:
    return ModelCard(name="tiny", config=tiny())


@pytest.fixture
def parameters(card, random_parameters) -> dict[str, np.ndarray]:
    return random_parameters(card.config)


class TestExportBundle:
    def test_the_lowered_graphs_hold_no_batch_normalisation_before_relu(self, card, parameters):
        graphs = export_graphs(card.config, parameters, "test")
        assert set(graphs) == set(STAGES)
        found = {name: [node.op_type for node in g.nodes] for name, g in graphs.items()}
        assert "BatchNormalization" not in found["keypoints"] + found["motion"] + found["encoder"]
        assert "ConvTranspose" in found["decoder"]
        assert not any("Slice" in kinds for kinds in (found["keypoints"], found["encoder"]))
        for graph in graphs.values():
            assert not graph.parameters

    def test_half_storage_is_smaller_and_close(self, tiny, random_parameters, tmp_path):
        sizes = {"block_expansion": 16, "max_features": 64}
        config = tiny(kp_detector_params=sizes, generator_params=sizes)
        parameters = random_parameters(config)
        card = ModelCard(name="tiny", config=config)
        whole = export_bundle(tmp_path / "whole", card, parameters)
        half = export_bundle(tmp_path / "half", card, parameters, half=True)
        for stage in ("keypoints", "decoder"):
            sizes = [bundle.graphs[stage].stat().st_size for bundle in (half, whole)]
            assert sizes[0] < 0.7 * sizes[1]
        with OpenVINOEngine(whole.graphs) as exact, OpenVINOEngine(half.graphs) as rounded:
            expected, found = outputs(exact), outputs(rounded)
        for name, array in expected.items():
            np.testing.assert_allclose(found[name], array, atol=2e-2, err_msg=name)
        assert half.parameters.stat().st_size < whole.parameters.stat().st_size

    def test_parameters_can_be_left_out(self, card, parameters, tmp_path):
        bundle = export_bundle(tmp_path / "t", card, parameters, keep_parameters=False)
        assert bundle.parameters is None
        assert not (tmp_path / "t" / "params.h5").exists()

    @pytest.mark.parametrize("stage", STAGES)
    def test_a_graph_with_one_wrong_weight_never_appears(
        self, card, parameters, tmp_path, monkeypatch, stage
    ):
        graphs = dict(export_graphs(card.config, parameters, "test"))
        kernels = [
            n.input[1] for n in graphs[stage].nodes if n.op_type in ("Conv", "ConvTranspose")
        ]
        largest = max(kernels, key=lambda name: graphs[stage].initializers[name].size)
        wrong = graphs[stage].initializers[largest].copy()
        wrong.flat[wrong.size // 2] += 1
        graphs[stage].constant(largest, wrong)
        monkeypatch.setattr(exporter, "export_graphs", lambda *_: graphs)
        with pytest.raises(
            ExportError, match=r"^exported graph: .*: expected to be within 0.0002 of NNabla, found"
        ):
            export_bundle(tmp_path / "t", card, parameters)
        assert not list(tmp_path.iterdir())

    def test_nan_is_no_small_difference(self, card, parameters, tmp_path, monkeypatch):
        graphs = dict(export_graphs(card.config, parameters, "test"))
        kernel = next(n.input[1] for n in graphs["decoder"].nodes if n.op_type == "Conv")
        graphs["decoder"].constant(kernel, graphs["decoder"].initializers[kernel] * np.nan)
        monkeypatch.setattr(exporter, "export_graphs", lambda *_: graphs)
        with pytest.raises(ExportError, match="prediction"):
            export_bundle(tmp_path / "t", card, parameters)

    def test_parameters_of_another_model(self, card, random_parameters, tiny, tmp_path):
        other = random_parameters(tiny(common_params={"num_kp": 5}))
        with pytest.raises(ParameterError, match=r"tiny: kp_detector/.* expects shape .* found"):
            export_bundle(tmp_path / "t", card, other)
        assert not list(tmp_path.iterdir())


class TestCachedExport:
    @pytest.fixture(autouse=True)
    def cache(self, tmp_path, monkeypatch) -> Path:
        monkeypatch.setenv("FOMM_CACHE", str(tmp_path / "cache"))
        return tmp_path / "cache"

    @pytest.fixture
    def file(self, tmp_path, parameters) -> Path:
        save_parameters(tmp_path / "p.h5", parameters)
        return tmp_path / "p.h5"

    @pytest.fixture
    def exports(self, monkeypatch) -> list[str]:
        """The names of the models that are really exported."""
        names: list[str] = []

        def counted(folder, card, *args, **options):
            names.append(card.name)
            return export_bundle(folder, card, *args, **options)

        monkeypatch.setattr(exporter, "export_bundle", counted)
        return names

    def test_the_second_call_finds_it(self, card, file, exports, cache):
        first = cached_export("tiny", card.config, file)
        second = cached_export("tiny", card.config, file)
        assert first == second
        assert exports == ["tiny"]
        assert first.folder.parent == cache / "bundles"
        assert first.parameters is None

    def test_other_parameters_or_networks_are_others(
        self, card, file, exports, tiny, random_parameters
    ):
        folders = {cached_export("tiny", card.config, file).folder}
        save_parameters(file, random_parameters(card.config, seed=1))
        folders.add(cached_export("tiny", card.config, file).folder)
        larger = tiny((24, 48, 3))
        folders.add(cached_export("tiny", larger, file).folder)
        assert len(folders) == len(exports) == 3

    def test_training_settings_do_not_matter(self, card, file, exports, tiny_data):
        from fomm_core.config import parse_config

        other = parse_config(tiny_data(train_params={"num_epochs": 7}))
        assert cached_export("tiny", card.config, file).folder == (
            cached_export("tiny", other, file).folder
        )
        assert exports == ["tiny"]

    @pytest.mark.parametrize("damage", ["changed", "missing", "card", "no card"])
    def test_a_damaged_one_is_made_again(self, card, file, exports, caplog, damage):
        folder = cached_export("tiny", card.config, file).folder
        if damage == "changed":
            (folder / "motion.onnx").write_bytes(b"garbage")
        elif damage == "missing":
            (folder / "motion.onnx").unlink()
        elif damage == "card":
            (folder / "model.yaml").write_text("format: 1")
        else:
            (folder / "model.yaml").unlink()
        with caplog.at_level(logging.WARNING, "fomm_core.export"):
            again = cached_export("tiny", card.config, file)
        assert exports == ["tiny", "tiny"]
        assert open_bundle(folder) == again
        assert "exporting it again" in caplog.text
        assert [path.name for path in folder.parent.iterdir()] == [folder.name]

    def test_that_another_process_was_faster_is_no_error(self, card, file, monkeypatch):
        def overtaken(folder, *args, **options):
            export_bundle(folder, *args, **options)
            raise OutputError(f"{folder}: cannot be written: Directory not empty")

        monkeypatch.setattr(exporter, "export_bundle", overtaken)
        bundle = cached_export("tiny", card.config, file)
        assert open_bundle(bundle.folder) == bundle

    def test_a_cache_that_cannot_be_written(self, card, file, cache):
        cache.write_text("a file")
        with pytest.raises(OutputError, match="cannot be written"):
            cached_export("tiny", card.config, file)


class TestWithoutNNabla:
    @pytest.fixture(autouse=True)
    def _absent(self, monkeypatch):
        monkeypatch.setattr(exporter, "has_nnabla", lambda: False)

    def test_unknown_networks_need_it(self, card, tmp_path):
        with pytest.raises(EngineError, match=r"needs NNabla, found none; install it on Python"):
            export_bundle(tmp_path / "t", card, {})
        assert not list(tmp_path.iterdir())

    def test_prepared_networks_do_not(self, card, parameters, tmp_path, monkeypatch):
        import yaml

        from fomm_core.config import dump_config
        from fomm_core.export import prebuilt as prepared

        monkeypatch.setattr(prepared, "PREBUILT", tmp_path / "graphs")
        text = yaml.safe_load(dump_config(card.config))
        networks = {k: text[k] for k in ("dataset_params", "model_params")}
        prepared.save_prebuilt(
            tmp_path / "graphs" / "tiny",
            yaml.safe_dump(networks),
            exporter.walk_stages(card.config),
        )
        bundle = export_bundle(tmp_path / "t", card, parameters)
        assert_equal_engines(card.config, parameters, bundle.graphs)
