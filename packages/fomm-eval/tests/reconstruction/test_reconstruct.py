from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from fomm_core.distributed import SingleProcess
from fomm_core.errors import MediaError
from fomm_core.model.finding import find_model
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.video import VideoReader
from fomm_eval.data.videos import find_test_videos
from fomm_eval.reconstruction.manifest import Manifest, Reconstructed, fingerprint_of
from fomm_eval.reconstruction.reconstruct import (
    ReconstructionSettings,
    reconstruct_all,
    reconstruct_video,
)


class OneOf(SingleProcess):
    """One process of several; the others' part is told beforehand."""

    def __init__(self, rank, size, others=()):
        self.rank, self.size, self.others = rank, size, list(others)
        self.stopped = False

    def gather(self, value):
        return [*self.others, value]

    def stop_others(self):
        self.stopped = True


@pytest.fixture
def settings(tmp_path):
    options = AnimationOptions(png=True, view="generated")
    return ReconstructionSettings(tmp_path / "out", strips=True, options=options)


@pytest.fixture
def manifest(settings):
    return Manifest(settings.folder, "fingerprint")


def read(folder):
    return [np.asarray(Image.open(path)) for path in sorted(folder.iterdir())]


def test_l1_is_that_of_the_frames_written(model, small_data, settings):
    video = small_data / "test" / "clip0"
    done = reconstruct_video(model, video, settings)
    real, made = read(video), read(settings.folder / "clip0")
    assert done.frames == len(real) == len(made) == 5
    off = np.abs(np.array(real, float) - np.array(made, float)) / 255
    assert done.l1 == pytest.approx(off.mean(), abs=1e-12)
    assert done.l1 > 0


def test_the_first_frame_is_the_source_and_comes_back(model, small_data, settings):
    reconstruct_video(model, small_data / "test" / "clip0", settings)
    real, made = (read(f / "clip0")[0] for f in (small_data / "test", settings.folder))
    assert np.array_equal(real, made)


def test_no_temporary_file_is_needed(model, small_data, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    done = reconstruct_video(model, small_data / "test" / "clip0", settings)
    assert done.frames == 5


def test_the_motion_is_absolute_and_without_sound_whatever_the_options(
    model, small_data, settings, monkeypatch
):
    given = []
    monkeypatch.setattr(
        "fomm_eval.reconstruction.reconstruct.animate_file",
        lambda source, driving, output, options, **others: given.append(options),
    )
    plain = replace(settings, strips=False)
    reconstruct_video(model, small_data / "test" / "clip0", plain)
    assert given == [replace(plain.options, audio=False, motion="absolute")]


def test_the_strip_has_the_generated_frames(model, small_data, settings):
    reconstruct_video(model, small_data / "test" / "clip1", settings)
    strip = np.asarray(Image.open(settings.folder / "png" / "clip1.png"))
    assert np.array_equal(strip, np.hstack(read(settings.folder / "clip1")))


def test_videos_keep_their_rate_unless_told(model, small_data, tmp_path):
    video = small_data / "test" / "clip0"
    for rate in (None, Fraction(10)):
        settings = ReconstructionSettings(
            tmp_path / "out", options=AnimationOptions(frame_rate=rate)
        )
        reconstruct_video(model, video, settings)
        assert VideoReader(tmp_path / "out" / "clip0.mp4").frame_rate == (rate or 25)


def test_ranks_together_give_the_figures_of_one(model, small_data, settings, manifest):
    videos = find_test_videos(small_data)
    alone = reconstruct_all(model, videos, settings, manifest)
    parts = [([reconstruct_video(model, v, settings) for v in videos[1::2]], [])]
    shared = reconstruct_all(model, videos, settings, manifest, ranks=OneOf(0, 2, parts))
    assert shared == alone
    assert [video.name for video in alone.videos] == ["clip0", "clip1", "clip2"]
    assert alone.frames == 18
    assert alone.l1 == pytest.approx(sum(v.l1 * v.frames for v in alone.videos) / 18)


def test_resuming_leaves_complete_videos_alone(model, small_data, settings, manifest):
    videos = find_test_videos(small_data)
    first = reconstruct_all(model, videos, settings, manifest)
    (settings.folder / "png" / "clip1.png").unlink()
    made = []
    again = reconstruct_all(
        model,
        videos,
        settings,
        manifest,
        resume=True,
        on_progress_of=lambda n: made.append(n) or print,
    )
    assert (again, made) == (first, ["clip1"])
    other = Manifest(settings.folder, "other settings")
    reconstruct_all(
        model,
        videos,
        settings,
        other,
        resume=True,
        on_progress_of=lambda n: made.append(n) or print,
    )
    assert made == ["clip1", "clip0", "clip1", "clip2"]


def test_a_strip_does_not_outlive_the_settings_it_was_made_with(model, small_data, settings):
    videos = find_test_videos(small_data)
    strip = settings.strip("clip1")
    plain = replace(settings, strips=False)
    reconstruct_all(model, videos, settings, Manifest(settings.folder, "one"))
    reconstruct_all(model, videos, plain, Manifest(settings.folder, "one"), resume=True)
    assert strip.exists(), "nothing was made anew"
    reconstruct_all(model, videos, plain, Manifest(settings.folder, "other"))
    assert not strip.exists()
    reconstruct_all(model, videos, settings, Manifest(settings.folder, "other"), resume=True)
    assert strip.exists()


def test_a_strip_that_cannot_be_deleted_is_told(model, small_data, settings, manifest):
    settings.strip("clip0").mkdir(parents=True)
    with pytest.raises(MediaError, match=r"clip0\.png: cannot be deleted: "):
        reconstruct_all(model, find_test_videos(small_data), settings, manifest)


def test_a_broken_video_stops_unless_told(model, small_data, settings, manifest, caplog):
    (small_data / "test" / "clip00.mp4").write_bytes(b"no video")
    videos = find_test_videos(small_data)
    ranks = OneOf(0, 1)
    with pytest.raises(MediaError, match=r"clip00\.mp4.*--keep-going goes on without it"):
        reconstruct_all(model, videos, settings, manifest, ranks=ranks)
    assert ranks.stopped
    outcome = reconstruct_all(model, videos, settings, manifest, keep_going=True)
    assert [video.name for video in outcome.videos] == ["clip0", "clip1", "clip2"]
    assert [failure.name for failure in outcome.failures] == ["clip00"]
    assert "clip00.mp4" in caplog.text
    assert not list(settings.folder.glob("**/*clip00*"))


def test_only_broken_videos_are_an_error(model, tmp_path, settings, manifest):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(MediaError, match="found 1 that cannot; the first: "):
        reconstruct_all(model, [tmp_path / "a.mp4"], settings, manifest, keep_going=True)


def test_a_video_that_breaks_off_leaves_nothing(model, small_data, settings, manifest):
    (small_data / "test" / "clip1" / "000004.png").write_bytes(b"broken")
    with pytest.raises(MediaError, match="4 frames were read"):
        reconstruct_all(model, find_test_videos(small_data), settings, manifest)
    assert not list(settings.folder.glob("**/*clip1*"))


@pytest.mark.parametrize("letter", ["a", "\N{GREEK SMALL LETTER ALPHA}", "\udcff"])
def test_names_as_long_as_systems_allow_are_recorded(tmp_path, letter):
    name = letter * (255 // len(os.fsencode(letter)))
    manifest = Manifest(tmp_path, "x")
    manifest.add(Reconstructed(name, 1, 2, 3))
    assert manifest.find(name) == Reconstructed(name, 1, 2, 3)
    assert manifest.find(name[:-1]) is None
    manifest.forget(name)
    assert manifest.find(name) is None


def test_a_damaged_record_is_no_record(tmp_path):
    manifest = Manifest(tmp_path, "x")
    manifest.add(Reconstructed("a", 1, 2, 3))
    assert manifest.find("a") == Reconstructed("a", 1, 2, 3)
    (path,) = (tmp_path / ".complete").iterdir()
    for text in ("", "[]", "{}", '{"fingerprint": "x", "frames": 1}'):
        path.write_text(text)
        assert manifest.find("a") is None
    manifest.forget("a")
    manifest.forget("a")
    assert not path.exists()


def test_fingerprints_tell_settings_apart():
    files = find_model("avatar")
    assert fingerprint_of(files, 1) == fingerprint_of(files, 1) != fingerprint_of(files, 2)
