from __future__ import annotations

import contextlib
import io
import json
import pickle
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fomm_core.errors import MotionError, OutputError
from fomm_core.motion.keypoints import Keypoints
from fomm_core.motion.template import MotionTemplate

METADATA = {
    "format": "fomm-motion-template",
    "version": 1,
    "frame_rate": "30000/1001",
    "model": "avatar",
    "frame_size": [128, 128],
    "reference": 1,
}


def make(frames: int = 3, **changes: object) -> MotionTemplate:
    rng = np.random.default_rng(0)
    settings = {
        "values": rng.uniform(-1, 1, (frames, 4, 2)),
        "jacobians": rng.normal(0, 1, (frames, 4, 2, 2)),
        "frame_rate": Fraction(30000, 1001),
        "model": "avatar",
        "frame_size": (128, 128),
    }
    return MotionTemplate(**{**settings, **changes})


def write(path: Path, metadata: object = METADATA, **arrays_: object) -> Path:
    """Write an .npz whose metadata and arrays are what a template has, except for changes."""
    content = {"values": make().values, "jacobians": make().jacobians, **arrays_}
    content = {name: array for name, array in content.items() if array is not None}
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    np.savez(path, metadata=np.array(text), **content)
    return path


def header(shape: tuple[int, ...], descr: str = "<f4") -> bytes:
    """Return an .npy file that declares much and holds nothing."""
    stream = io.BytesIO()
    declared = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, declared)
    return stream.getvalue()


@st.composite
def templates(draw: st.DrawFn) -> MotionTemplate:
    frames, count = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    numbers = st.floats(-1e6, 1e6, width=32)
    jacobians = arrays(np.float32, (frames, count, 2, 2), elements=numbers)
    return MotionTemplate(
        values=draw(arrays(np.float32, (frames, count, 2), elements=numbers)),
        jacobians=draw(st.none() | jacobians),
        frame_rate=draw(st.fractions(Fraction(1, 1001), 1000, max_denominator=1001)),
        model=draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
        frame_size=draw(st.tuples(st.integers(1, 4096), st.integers(1, 4096))),
        reference=draw(st.integers(0, frames - 1)),
    )


class TestRoundTrip:
    @given(template=templates())
    def test_what_is_saved_is_loaded(self, template, tmp_path_factory):
        path = tmp_path_factory.mktemp("motion") / "motion.npz"
        template.save(path)
        loaded = MotionTemplate.load(path)
        np.testing.assert_array_equal(loaded.values, template.values)
        if template.jacobians is None:
            assert loaded.jacobians is None
        else:
            np.testing.assert_array_equal(loaded.jacobians, template.jacobians)
        for name in ("frame_rate", "model", "frame_size", "reference"):
            assert getattr(loaded, name) == getattr(template, name)

    def test_compressed_and_column_ordered_arrays_load_too(self, tmp_path):
        template = make()
        path = tmp_path / "motion.npz"
        values = np.asfortranarray(template.values.astype(np.float64))
        np.savez_compressed(path, metadata=np.array(json.dumps(METADATA)), values=values)
        np.testing.assert_array_equal(MotionTemplate.load(path).values, template.values)

    def test_the_name_is_kept_as_given(self, tmp_path):
        make().save(tmp_path / "motion")
        assert [entry.name for entry in tmp_path.iterdir()] == ["motion"]


class TestSequence:
    @pytest.mark.parametrize("jacobians", [True, False])
    def test_it_yields_the_keypoints_it_was_made_from(self, jacobians):
        frames = [
            Keypoints(np.full((2, 2), number), np.full((2, 2, 2), number) if jacobians else None)
            for number in range(3)
        ]
        template = MotionTemplate.from_keypoints(
            iter(frames), frame_rate=Fraction(25), model="m", frame_size=(64, 96), reference=2
        )
        assert len(template) == 3
        assert template.reference == 2
        for found, expected in zip(template, frames, strict=True):
            np.testing.assert_array_equal(found.value, expected.value)
            assert (found.jacobian is None) is not jacobians
        np.testing.assert_array_equal(template[-1].value, frames[-1].value)

    @pytest.mark.parametrize(
        "frames",
        [
            [],
            [Keypoints(np.zeros((2, 2))), Keypoints(np.zeros((3, 2)))],
            [Keypoints(np.zeros((2, 2))), Keypoints(np.zeros((2, 2)), np.zeros((2, 2, 2)))],
            [Keypoints(np.full((2, 2), np.nan))],
        ],
        ids=["none", "other number", "some jacobians", "nan"],
    )
    def test_frames_that_make_no_motion_are_refused(self, frames):
        with pytest.raises(MotionError, match="expected"):
            MotionTemplate.from_keypoints(
                frames, frame_rate=Fraction(25), model="m", frame_size=(64, 64)
            )

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("values", np.zeros((3, 4))),
            ("values", np.zeros((0, 4, 2))),
            ("values", np.full((3, 4, 2), 1e300)),
            ("jacobians", np.zeros((3, 5, 2, 2))),
            ("jacobians", np.full((3, 4, 2, 2), np.inf)),
            ("frame_rate", Fraction(0)),
            ("frame_size", (0, 64)),
            ("frame_size", (64,)),
            ("reference", 3),
            ("reference", -1),
        ],
    )
    def test_impossible_attributes_are_refused_by_name(self, name, value):
        with pytest.raises(MotionError, match=f"^{name}: expected"):
            make(**{name: value})


class TestSave:
    def test_a_missing_folder_is_one_line(self, tmp_path):
        with pytest.raises(OutputError, match="cannot be written: No such file"):
            make().save(tmp_path / "absent" / "motion.npz")

    def test_a_failure_keeps_the_old_file_and_leaves_no_part(self, tmp_path, monkeypatch):
        path = tmp_path / "motion.npz"
        make(frames=1).save(path)
        monkeypatch.setattr(np, "savez", full_disk)
        with pytest.raises(OutputError, match="No space left"):
            make(frames=2).save(path)
        assert [entry.name for entry in tmp_path.iterdir()] == ["motion.npz"]
        assert len(MotionTemplate.load(path)) == 1


def full_disk(stream: io.BufferedWriter, **_: object) -> None:
    stream.write(b"half")
    raise OSError(28, "No space left on device")


class TestLoad:
    def refused(self, path: Path, reason: str) -> None:
        with pytest.raises(MotionError, match=reason) as caught:
            MotionTemplate.load(path)
        message = str(caught.value)
        assert message.startswith(f"motion template {path}: ")
        assert "\n" not in message

    def test_missing_files(self, tmp_path):
        self.refused(tmp_path / "absent.npz", "cannot be read: No such file")

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip" * 50])
    def test_files_that_are_no_archive(self, tmp_path, content):
        path = tmp_path / "motion.npz"
        path.write_bytes(content)
        self.refused(path, "expected an undamaged .npz file")

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
    def test_truncated_files(self, tmp_path, share):
        path = tmp_path / "motion.npz"
        make().save(path)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        self.refused(path, "expected an undamaged .npz file")

    @given(data=st.data())
    def test_flipped_bytes_never_give_a_traceback(self, data, tmp_path_factory):
        path = tmp_path_factory.mktemp("motion") / "motion.npz"
        make().save(path)
        content = bytearray(path.read_bytes())
        for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=8)):
            content[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(bytes(content))
        with contextlib.suppress(MotionError):
            assert np.isfinite(MotionTemplate.load(path).values).all()

    def test_pickles_are_not_run(self, tmp_path):
        path = tmp_path / "motion.npz"
        path.write_bytes(pickle.dumps({"values": 1}))
        self.refused(path, "expected an undamaged .npz file")
        write(path, values=np.array([print], dtype=object))
        self.refused(path, "values.npy: expected plain numbers and text, found type object")

    @pytest.mark.parametrize("name", ["values", "jacobians"])
    def test_wrong_shapes(self, tmp_path, name):
        self.refused(write(tmp_path / "m.npz", **{name: np.zeros((5, 4, 3))}), f"{name}: expected")

    @pytest.mark.parametrize("name", ["values", "jacobians"])
    def test_numbers_that_are_not_finite(self, tmp_path, name):
        array = getattr(make(), name).copy()
        array[1, 2] = np.nan
        self.refused(write(tmp_path / "m.npz", **{name: array}), f"{name}: expected finite")

    def test_an_array_header_that_never_ends(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
            archive.writestr("values.npy", b"\x93NUMPY\1\0\4\0{(1 ")
        self.refused(tmp_path / "m.npz", "expected an undamaged .npz file")

    def test_missing_values(self, tmp_path):
        self.refused(write(tmp_path / "m.npz", values=None), "an array named 'values', found none")

    def test_archives_of_something_else(self, tmp_path):
        self.refused(write(tmp_path / "m.npz", images=np.zeros(3)), "found 'images.npy'")

    def test_numbers_of_another_type(self, tmp_path):
        path = write(tmp_path / "m.npz", values=np.zeros((3, 4, 2), np.complex64))
        self.refused(path, "values.npy: expected plain numbers and text, found type complex64")

    @pytest.mark.parametrize(
        ("name", "descr", "shape"),
        [
            ("values", "<f4", (10**9, 10, 2)),
            ("values", "<f8", (2**62, 2**62, 2)),
            ("metadata", "<U100000", ()),
        ],
    )
    def test_declared_sizes_beyond_reason_are_refused_unread(self, tmp_path, name, descr, shape):
        path = tmp_path / "motion.npz"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{name}.npy", header(shape, descr))
        self.refused(path, f"{name}.npy: expected at most .* bytes")

    @pytest.mark.parametrize(
        ("name", "shape", "reason"),
        [
            ("values", (4, 10, 2), "expected at most 3 frames, found 4"),
            ("jacobians", (10**5, 10, 2, 2), "expected at most 3 frames, found 100000"),
            ("values", (3, 10**6, 2), "expected at most 8192 bytes a frame, found 8000000"),
            ("jacobians", (1, 513, 2, 2), "expected at most 8192 bytes a frame, found 8208"),
            ("values", (-1, -(10**6), 2), "expected a shape, found"),
        ],
    )
    def test_more_than_is_wanted_is_refused_unread(self, tmp_path, name, shape, reason):
        path = tmp_path / "motion.npz"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{name}.npy", header(shape))
        with pytest.raises(MotionError, match=f"{name}.npy: {reason}"):
            MotionTemplate.load(path, most_frames=3)

    def test_as_many_frames_as_are_wanted_are_read(self, tmp_path):
        make(frames=3).save(tmp_path / "m.npz")
        assert len(MotionTemplate.load(tmp_path / "m.npz", most_frames=3)) == 3

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"version": 2}, "version: "),
            ({"format": "other"}, "format: "),
            ({"frame_rate": "1e999999999"}, "frame_rate: "),
            ({"frame_rate": "25/0"}, "frame_rate: "),
            ({"frame_rate": 25}, "frame_rate: "),
            ({"model": None}, "model: "),
            ({"frame_size": [128]}, "frame_size"),
            ({"frame_size": [128, -1]}, "frame_size: "),
            ({"frame_size": "128x128"}, "frame_size: "),
            ({"reference": 3}, "reference: expected a frame in 0..2, found 3"),
            ({"reference": "first"}, "reference: "),
            ({"extra": 1}, "extra: "),
        ],
    )
    def test_wrong_metadata_is_named(self, tmp_path, change, reason):
        self.refused(write(tmp_path / "m.npz", {**METADATA, **change}), reason)

    @pytest.mark.parametrize("text", ["", "no json", "[]", "[" * 10_000])
    def test_metadata_that_is_no_object(self, tmp_path, text):
        self.refused(write(tmp_path / "m.npz", text), "metadata: ")


@pytest.mark.parametrize("crop", [None, (12.0, -3.5, 256.0)])
def test_the_crop_is_kept(tmp_path, crop):
    values = np.zeros((2, 3, 2), np.float32)
    template = MotionTemplate(values, None, Fraction(25), "face", (256, 256), crop=crop)
    template.save(tmp_path / "motion.npz")
    assert MotionTemplate.load(tmp_path / "motion.npz").crop == crop
    assert template.mapped(lambda keypoints: keypoints).crop == crop
    with np.load(tmp_path / "motion.npz") as stored:
        assert ("crop" in str(stored["metadata"])) == (crop is not None)
