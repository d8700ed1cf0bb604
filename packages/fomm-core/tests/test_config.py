from __future__ import annotations

import logging
from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fomm_core.config import Config, dump_config, load_config, parse_config
from fomm_core.errors import ConfigError

DETECTOR = "model_params.kp_detector_params"
GENERATOR = "model_params.generator_params"
MOTION = f"{GENERATOR}.dense_motion_params"
GONE = object()


def changed(data: dict, path: str, value: object) -> dict:
    """A copy of plain data with one key set to something else, or removed."""
    data = deepcopy(data)
    *sections, key = path.split(".")
    part = data
    for section in sections:
        part = part.setdefault(section, {})
    if value is GONE:
        del part[key]
    else:
        part[key] = value
    return data


def refusal(data: object) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(data, "c.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def data(tiny_data) -> dict:
    return tiny_data()


class TestGolden:
    def test_the_golden_configuration_loads(self, mini):
        config = load_config(mini / "config.yaml")
        assert config.frame_size == (64, 64)
        assert config.model_params.common_params.num_kp == 10
        assert config.model_params.kp_detector_params.stride == 4
        assert config.model_params.generator_params.dense_motion_params.kp_variance == 0.01

    def test_it_is_written_and_read_back_equal(self, mini, tmp_path):
        config = load_config(mini / "config.yaml")
        (tmp_path / "c.yaml").write_text(dump_config(config))
        assert load_config(tmp_path / "c.yaml") == config


class TestNumbers:
    def test_exponents_without_a_point_are_numbers(self, data, tmp_path):
        text = yaml.safe_dump(changed(data, f"{DETECTOR}.temperature", "TEMPERATURE"))
        for written, value in (("2e-4", 2e-4), ("5E-1", 0.5)):
            (tmp_path / "c.yaml").write_text(text.replace("TEMPERATURE", written))
            params = load_config(tmp_path / "c.yaml").model_params.kp_detector_params
            assert params.temperature == value

    @pytest.mark.parametrize("text", ["2e", "abc", "", "0x10"])
    def test_other_text_is_no_number(self, data, text):
        found = refusal(changed(data, f"{DETECTOR}.temperature", text))
        assert found == (f"c.yaml: {DETECTOR}.temperature: expected a valid number, found {text!r}")

    @pytest.mark.parametrize("value", [float("inf"), float("nan"), "1e999", ".nan", "inf"])
    def test_infinities_are_refused(self, data, value):
        assert refusal(changed(data, f"{DETECTOR}.temperature", value)).startswith(
            f"c.yaml: {DETECTOR}.temperature: expected a"
        )

    def test_a_whole_number_does_where_any_does(self, data):
        config = parse_config(changed(data, f"{DETECTOR}.temperature", 1))
        assert config.model_params.kp_detector_params.temperature == 1.0

    @pytest.mark.parametrize("value", [2.0, "2", True, None, [2]])
    def test_a_count_is_a_whole_number(self, data, value):
        assert refusal(changed(data, f"{DETECTOR}.num_blocks", value)) == (
            f"c.yaml: {DETECTOR}.num_blocks: expected a valid integer, found {value!r}"
        )


REFUSED = [
    ("model_params", GONE, "model_params: expected a value, found none"),
    (f"{DETECTOR}.block_expansion", GONE, "block_expansion: expected a value, found none"),
    (MOTION, GONE, f"{MOTION}: expected a value, found none"),
    (DETECTOR, None, f"{DETECTOR}: expected a valid dictionary .* found None"),
    (DETECTOR, [1], f"{DETECTOR}: expected a valid dictionary .* found \\[1\\]"),
    ("model_prams", {}, "model_prams: unknown key"),
    (f"{DETECTOR}.num_block", 3, f"{DETECTOR}.num_block: unknown key"),
    (f"{DETECTOR}.two\nlines", 3, f"{DETECTOR}.two lines: unknown key"),
    ("dataset_params.id_sampling", "yes", "id_sampling: expected a valid boolean, found 'yes'"),
    ("dataset_params.id_sampling", 1, "id_sampling: expected a valid boolean, found 1"),
    ("dataset_params.root_dir", 7, "root_dir: expected a valid string, found 7"),
    (f"{DETECTOR}.num_blocks", 0, "num_blocks: expected greater than or equal to 1, found 0"),
    (f"{DETECTOR}.num_blocks", 10**9, "num_blocks: expected less than or equal to 10, found"),
    (f"{DETECTOR}.temperature", 0, "temperature: expected greater than 0, found 0"),
    ("model_params.common_params", {"num_channels": 1}, "num_channels: expected 3, found 1"),
    ("dataset_params.root_dir", ["x" * 90], r"found \['x+\.\.\."),
]


@pytest.mark.parametrize(("path", "value", "message"), REFUSED)
def test_what_cannot_be_is_refused_with_its_key(data, path, value, message):
    found = refusal(changed(data, path, value))
    with pytest.raises(ConfigError, match=message):
        raise ConfigError(found)
    assert found.startswith("c.yaml: ")
    assert len(found) < 250


def test_keys_that_are_not_text_are_refused(data):
    data["model_params"][3] = {}
    assert refusal(data) == "c.yaml: model_params.3: expected a key that is text, found 3"


def test_several_problems_are_counted(data):
    bad = changed(changed(data, f"{DETECTOR}.num_blocks", "x"), "strange", 1)
    assert refusal(bad).endswith(" (and 1 more)")


@pytest.mark.parametrize("found", [None, 5, "text", [], [["a"]]])
def test_a_configuration_is_a_mapping(found):
    assert refusal(found) == f"c.yaml: expected a mapping of sections, found {found!r}"


class TestFrameShape:
    """Sizes that the networks cannot halve so often are refused, naming what asks for it."""

    @pytest.mark.parametrize("side", ["height", "width"])
    @pytest.mark.parametrize(
        ("path", "value", "asks", "multiple"),
        [
            (f"{DETECTOR}.num_blocks", 4, f"{DETECTOR}: num_blocks and scale_factor", 32),
            (f"{DETECTOR}.scale_factor", 0.0625, f"{DETECTOR}: num_blocks and scale_factor", 32),
            (f"{MOTION}.num_blocks", 4, f"{MOTION}: num_blocks and scale_factor", 32),
            (f"{MOTION}.scale_factor", 0.0625, f"{MOTION}: num_blocks and scale_factor", 32),
            (f"{GENERATOR}.num_down_blocks", 5, f"{GENERATOR}.num_down_blocks", 32),
        ],
    )
    def test_sides_that_cannot_be_halved(self, data, side, path, value, asks, multiple):
        good = [256, 256, 3]
        bad = [256 + 16, 256, 3] if side == "height" else [256, 256 + 16, 3]
        data = changed(data, path, value)
        parse_config(changed(data, "dataset_params.frame_shape", good))
        assert refusal(changed(data, "dataset_params.frame_shape", bad)) == (
            f"c.yaml: dataset_params.frame_shape: expected a {side} divisible by {multiple} "
            f"({asks}), found 272"
        )

    def test_a_heat_map_of_one_pixel_has_no_coordinates(self, data):
        shape = "dataset_params.frame_shape"
        parse_config(changed(data, shape, [16, 16, 3]))
        assert refusal(changed(data, shape, [16, 12, 3])) == (
            f"c.yaml: {shape}: expected a width of at least 16 "
            f"({DETECTOR}: scale_factor and pad), found 12"
        )
        parse_config(changed(changed(data, f"{DETECTOR}.pad", 3), shape, [16, 12, 3]))

    @pytest.mark.parametrize("shape", [[64, 64, 3], (64, 64, 3)])
    def test_lists_and_tuples_do(self, data, shape):
        assert parse_config(changed(data, "dataset_params.frame_shape", shape)).frame_size == (
            64,
            64,
        )

    @pytest.mark.parametrize(
        ("shape", "message"),
        [
            ([64, 64], "frame_shape.2: expected a value, found none"),
            ([64, 64, 3, 1], r"frame_shape: expected at most 3 values, found \[64, 64, 3, 1\]"),
            (64, "frame_shape: expected a valid tuple, found 64"),
            (["64", 64, 3], "frame_shape.0: expected a valid integer, found '64'"),
            ([0, 64, 3], "frame_shape.0: expected greater than 0, found 0"),
            ([64, 64, 1], "expected 3 channels .*num_channels.*, found 1"),
        ],
    )
    def test_other_shapes_are_refused(self, data, shape, message):
        with pytest.raises(ConfigError, match=message):
            parse_config(changed(data, "dataset_params.frame_shape", shape))


class TestScaleFactor:
    @pytest.mark.parametrize(("factor", "stride"), [(1, 1), (0.5, 2), (0.25, 4), (1 / 3, 3)])
    def test_its_inverse_is_the_stride(self, tiny, factor, stride):
        config = tiny((96, 96, 3), kp_detector_params={"scale_factor": factor})
        assert config.model_params.kp_detector_params.stride == stride

    @pytest.mark.parametrize("factor", [0.3, 0.75])
    def test_it_is_one_over_an_integer(self, data, factor):
        assert refusal(changed(data, f"{DETECTOR}.scale_factor", factor)) == (
            f"c.yaml: {DETECTOR}.scale_factor: expected 1 / integer (1, 0.5, 0.25, ...), "
            f"found {factor}"
        )

    @pytest.mark.parametrize("factor", [0, -0.5, 2, 1e-320])
    def test_it_lies_within_bounds(self, data, factor):
        assert "scale_factor: expected " in refusal(
            changed(data, f"{DETECTOR}.scale_factor", factor)
        )


def test_skip_needs_an_occlusion_map(data):
    data = changed(data, f"{GENERATOR}.skip", True)
    assert parse_config(data).model_params.generator_params.skip
    assert refusal(changed(data, f"{GENERATOR}.estimate_occlusion_map", False)) == (
        f"c.yaml: {GENERATOR}: skip: expected estimate_occlusion_map true, found false"
    )


NO_CONFIGURATION = [
    *("a: [1", "a: b: c", "\t- x", "- *x", "? [a]\n: 3", "!!python/object:os.system {}"),
    *("x: 2020-13-45", "!!int ''", "!!int x", "!!bool x", "!!timestamp x", "[" * 1200),
    *("", "5", "&a [*a]"),
]


class TestFiles:
    def refusal(self, path: Path) -> str:
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def test_a_missing_file(self, tmp_path):
        path = tmp_path / "none.yaml"
        assert self.refusal(path) == f"{path}: expected a YAML file, found none"

    def test_a_folder(self, tmp_path):
        assert self.refusal(tmp_path).startswith(f"{tmp_path}: ")

    @pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\xff", b"\xff\xfea\x00", b"\x00" * 9])
    def test_binary_data(self, tmp_path, content):
        (tmp_path / "c.yaml").write_bytes(content)
        assert "c.yaml: expected YAML" in self.refusal(tmp_path / "c.yaml")

    @pytest.mark.parametrize(
        "text",
        NO_CONFIGURATION,
    )
    def test_text_that_is_no_configuration(self, tmp_path, text):
        (tmp_path / "c.yaml").write_text(text)
        assert "c.yaml: expected " in self.refusal(tmp_path / "c.yaml")

    def test_aliases_of_aliases_do_not_fill_the_message(self, tmp_path):
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
        (tmp_path / "c.yaml").write_text("\n".join([*lines, "dataset_params: *a11"]))
        assert len(self.refusal(tmp_path / "c.yaml")) < 400

    def test_a_byte_order_mark_is_no_harm(self, tmp_path, data):
        (tmp_path / "c.yaml").write_text("\ufeff" + yaml.safe_dump(data), encoding="utf-8")
        assert load_config(tmp_path / "c.yaml") == parse_config(data)


class TestUnknownKeys:
    def test_they_can_be_ignored_with_a_warning(self, data, caplog):
        more = changed(changed(data, "strange", 1), f"{MOTION}.odd", [1])
        with caplog.at_level(logging.WARNING, "fomm_core.config"):
            assert parse_config(more, "c.yaml", unknown="ignore") == parse_config(data)
        assert sorted(caplog.messages) == [
            f"c.yaml: {MOTION}.odd: unknown key, ignored",
            "c.yaml: strange: unknown key, ignored",
        ]
        assert more["strange"] == 1

    def test_other_problems_still_count(self, data):
        bad = changed(changed(data, "strange", 1), f"{DETECTOR}.num_blocks", "x")
        with pytest.raises(ConfigError, match=r"num_blocks: expected a valid integer, found 'x'$"):
            parse_config(bad, "c.yaml", unknown="ignore")

    def test_sections_joined_by_an_alias(self, data, tmp_path):
        section = data["model_params"]["kp_detector_params"]
        section["odd"] = 1
        data["model_params"]["generator_params"]["dense_motion_params"] = section
        (tmp_path / "c.yaml").write_text(yaml.safe_dump(data))
        assert "*id" in (tmp_path / "c.yaml").read_text()
        config = load_config(tmp_path / "c.yaml", unknown="ignore")
        assert config.model_params.kp_detector_params.num_blocks == 1


def test_jacobian_maps_need_jacobians(data):
    data = changed(data, f"{GENERATOR}.dense_motion_params.jacobian_maps", True)
    assert parse_config(data).model_params.generator_params.dense_motion_params.jacobian_maps
    assert refusal(changed(data, "model_params.common_params.estimate_jacobian", False)) == (
        "c.yaml: model_params: generator_params.dense_motion_params.jacobian_maps: expected "
        "common_params.estimate_jacobian true, found false"
    )


class TestUnread:
    """What only training knows is carried as it is; what core knows is still checked."""

    UNREAD = (
        ("train_params", {"lr_generator": "2e-4", "new_loss": {"weight": None}}),
        ("train_params", None),
        ("monitor_params", {"monitor_freq": -1}),
        ("model_params.discriminator_params", {"scales": [1], "kind": "unknown"}),
        ("dataset_params.avatars", {"identities": 0}),
        ("dataset_params.augmentation_params", [1, 2]),
        ("dataset_params.pairs_list", "pairs.csv"),
    )

    @pytest.mark.parametrize(("path", "value"), UNREAD)
    def test_it_is_read_and_written_as_it_was(self, data, tmp_path, path, value):
        given = changed(data, path, value)
        (tmp_path / "c.yaml").write_text(dump_config(parse_config(given)))
        found = yaml.safe_load((tmp_path / "c.yaml").read_text())
        for section in path.split("."):
            found, given = found[section], given[section]
        assert found == given == value
        assert load_config(tmp_path / "c.yaml") == parse_config(changed(data, path, value))

    @pytest.mark.parametrize(
        "path", ["train_prams", "dataset_params.avatar", "model_params.discriminator_prams"]
    )
    def test_a_misspelt_section_is_refused(self, data, path):
        assert refusal(changed(data, path, {})) == f"c.yaml: {path}: unknown key"

    def test_nothing_is_warned_of(self, data, caplog):
        more = changed(data, "train_params.strange", 1)
        assert parse_config(more, unknown="ignore").train_params == {"strange": 1}
        assert not caplog.messages


def test_a_configuration_does_not_change(data):
    config = parse_config(data)
    with pytest.raises(ValueError, match="frozen"):
        config.model_params.common_params.num_kp = 4


weights = st.none() | st.floats(0, 100)
factors = st.sampled_from([1.0, 0.5, 0.25, 1 / 3])
hourglasses = {
    "block_expansion": st.integers(1, 64),
    "max_features": st.integers(1, 1024),
    "num_blocks": st.integers(1, 3),
    "scale_factor": factors,
}
configurations = st.fixed_dictionaries(
    {
        "dataset_params": st.fixed_dictionaries(
            {
                "frame_shape": st.tuples(*[st.sampled_from([192, 384])] * 2, st.just(3)),
                "id_sampling": st.booleans(),
                "root_dir": st.text(max_size=8),
                "pairs_list": st.none() | st.text(max_size=8),
                "avatars": st.none() | st.fixed_dictionaries({"seed": st.integers(0, 2**40)}),
            }
        ),
        "model_params": st.fixed_dictionaries(
            {
                "common_params": st.fixed_dictionaries(
                    {"num_kp": st.integers(1, 15), "estimate_jacobian": st.booleans()}
                ),
                "kp_detector_params": st.fixed_dictionaries(
                    {**hourglasses, "temperature": st.floats(1e-6, 1e6)}
                ),
                "generator_params": st.fixed_dictionaries(
                    {
                        "block_expansion": st.integers(1, 64),
                        "max_features": st.integers(1, 1024),
                        "num_down_blocks": st.integers(0, 5),
                        "num_bottleneck_blocks": st.integers(0, 9),
                        "estimate_occlusion_map": st.just(True),
                        "skip": st.booleans(),
                        "dense_motion_params": st.fixed_dictionaries(hourglasses),
                    }
                ),
            }
        ),
        "train_params": st.fixed_dictionaries(
            {
                "lr_generator": st.floats(0, 1),
                "epoch_milestones": st.lists(st.integers(0, 99), max_size=3),
                "loss_weights": st.fixed_dictionaries(
                    {
                        "generator_gan": weights,
                        "warped_source": weights,
                        "perceptual": st.none() | st.lists(st.floats(0, 10), max_size=5),
                    }
                ),
            }
        ),
        "animate_params": st.none() | st.just({"mode": "relative", "nothing": None}),
        "log_dir": st.none() | st.text(max_size=8),
    }
)


@given(data=configurations)
def test_a_written_configuration_is_read_back_equal(data):
    config = parse_config(data)
    assert parse_config(yaml.safe_load(dump_config(config))) == config
    assert isinstance(config, Config)
