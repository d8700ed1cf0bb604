"""An animation's files and order, on the fake engine; the commands' tests use real ones."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import find_objects, label

from fomm_core.engine.fake import FakeEngine
from fomm_core.errors import BrokenMediaError, MediaError, MotionError, OutputError
from fomm_core.face.detector import FaceBox
from fomm_core.image import fit, read_image, write_image
from fomm_core.loading import Model
from fomm_core.model.framing import Framing
from fomm_core.motion.template import MotionTemplate
from fomm_core.pipeline import output as pipeline_output
from fomm_core.pipeline.options import AnimationOptions, option_names
from fomm_core.pipeline.run import AnimationResult, Progress, animate_file
from fomm_core.video import VideoReader, VideoWriter

SIZE = (32, 48)
PLACES = (10, 12, 20, 24, 28, 16)
"""Where the driving frames show the spot."""


def spot(x: int, y: int = 16) -> np.ndarray:
    image = np.zeros((*SIZE, 3), np.uint8)
    image[y - 2 : y + 3, x - 2 : x + 3] = 255
    return image


def place(image: np.ndarray) -> int:
    """Where the spot is, along x."""
    return round(float(np.nonzero(image[..., 0] > 128)[1].mean()))


@pytest.fixture
def model(tiny) -> Model:
    return Model("fake", tiny((*SIZE, 3)), FakeEngine(SIZE))


@pytest.fixture
def source(tmp_path) -> Path:
    write_image(tmp_path / "source.png", spot(20, 10))
    return tmp_path / "source.png"


@pytest.fixture
def driving(tmp_path) -> Path:
    """A folder of pictures: nothing is lost in it."""
    folder = tmp_path / "driving"
    folder.mkdir()
    for index, x in enumerate(PLACES):
        write_image(folder / f"{index}.png", spot(x))
    return folder


@pytest.fixture
def clip(tmp_path) -> Path:
    with VideoWriter(tmp_path / "driving.mp4", Fraction(30000, 1001)) as writer:
        for x in PLACES:
            writer.write(spot(x))
    return tmp_path / "driving.mp4"


@pytest.fixture
def animate(model, source, driving, tmp_path):
    """Animates into PNGs of the generated frames alone, unless told otherwise."""

    def run(on_progress=None, *, model=model, **changes: object) -> AnimationResult:
        files = {"source": source, "driving": driving, "output": tmp_path / "out" / "result"}
        given = {**files, "png": True, "view": "generated", **changes}
        options = {name: given.pop(name) for name in option_names() if name in given}
        return animate_file(
            **given, options=AnimationOptions(**options), model=model, on_progress=on_progress
        )

    return run


def places_of(folder: Path) -> list[int]:
    return [place(read_image(path)) for path in sorted(folder.iterdir())]


MOVED = [20 + x - PLACES[0] for x in PLACES]


class TestResult:
    def test_every_driving_frame_becomes_one_in_order(self, animate):
        done = animate()
        assert places_of(done.output) == MOVED
        assert (done.frames, done.frame_rate) == (len(PLACES), 25)
        assert done.seconds > 0

    def test_a_video_has_the_rate_of_the_driving_one(self, animate, clip, tmp_path):
        output = tmp_path / "new" / "result.mp4"
        done = animate(driving=clip, output=output, png=False)
        reader = VideoReader(output)
        assert done.frame_rate == reader.frame_rate == Fraction(30000, 1001)
        assert [place(frame) for frame in reader] == MOVED
        assert [path.name for path in output.parent.iterdir()] == ["result.mp4"]

    def test_or_the_one_that_is_asked_for(self, animate, clip, tmp_path):
        output = tmp_path / "result.mp4"
        wanted = Fraction(10)
        done = animate(driving=clip, output=output, png=False, frame_rate=wanted)
        reader = VideoReader(output)
        assert done.frame_rate == reader.frame_rate == wanted
        assert len(list(reader)) == len(PLACES)

    @pytest.mark.parametrize("view", ["default", "detailed", "full"])
    def test_sheets_are_larger(self, animate, view):
        done = animate(view=view)
        sheets = [read_image(path) for path in sorted(done.output.iterdir())]
        assert len(sheets) == len(PLACES)
        assert len({sheet.shape for sheet in sheets}) == 1
        assert sheets[0].shape[0] >= SIZE[0]
        assert sheets[0].shape[1] > 2 * SIZE[1]

    def test_parts_of_the_driving(self, animate):
        done = animate(start=0.04, end=0.16)
        assert places_of(done.output) == [20, 28, 32]

    def test_the_source_may_be_a_picture_in_memory(self, animate, source, tmp_path):
        from_file = animate()
        in_memory = animate(source=read_image(source), output=tmp_path / "again")
        for one, other in zip(
            sorted(from_file.output.iterdir()), sorted(in_memory.output.iterdir()), strict=True
        ):
            assert one.read_bytes() == other.read_bytes()

    def test_paths_may_be_text(self, animate, source, driving, tmp_path):
        output, motion = tmp_path / "out", tmp_path / "m.npz"
        done = animate(
            source=str(source), driving=str(driving), output=str(output), save_motion=str(motion)
        )
        assert (done.output, places_of(output)) == (output, MOVED)
        assert len(MotionTemplate.load(motion)) == len(PLACES)

    def test_smoothing_calms(self, animate, tmp_path):
        sharp = places_of(animate().output)
        calm = places_of(animate(smooth=True, output=tmp_path / "calm").output)
        assert calm[0] == sharp[0]
        assert np.abs(np.diff(calm)).sum() < np.abs(np.diff(sharp)).sum()


class TestModel:
    @pytest.fixture
    def loaded(self, model, monkeypatch) -> list[object]:
        """The names of the models that were loaded; each is the fake one."""
        names = []

        def load(name):
            names.append(name)
            return model

        monkeypatch.setattr("fomm_core.pipeline.run.load_model", load)
        return names

    @pytest.mark.parametrize("name", ["vox", Path("folder"), None])
    def test_one_that_is_named_is_loaded_and_freed(self, model, animate, loaded, name):
        animate(model=name)
        assert loaded == [name]
        assert model.engine.closed

    def test_one_that_is_loaded_stays(self, model, animate, loaded):
        animate()
        assert loaded == []
        assert not model.engine.closed

    def test_it_is_freed_after_an_error_too(self, model, animate, loaded):
        def fail(progress: Progress) -> None:
            raise MediaError("enough")

        with pytest.raises(MediaError, match="enough"):
            animate(fail, model="avatar")
        assert model.engine.closed

    def test_none_is_loaded_for_inputs_that_cannot_be_read(self, animate, loaded, tmp_path):
        with pytest.raises(MediaError):
            animate(model="avatar", source=tmp_path / "none.png")
        assert loaded == []


class TestFaces:
    @pytest.fixture
    def framed(self, tiny, monkeypatch) -> Model:
        """A model that wants pictures cropped to faces; white spots are faces."""

        def detect(picture: np.ndarray) -> list[FaceBox]:
            spots, _ = label(picture[..., 0] > 128)
            return [
                FaceBox(x.start, y.start, x.stop - x.start, y.stop - y.start, 0.9)
                for y, x in find_objects(spots)
            ]

        monkeypatch.setattr("fomm_core.pipeline.source.open_detector", lambda: detect)
        return Model("fake", tiny((64, 64, 3)), FakeEngine((64, 64)), Framing(side=2.0))

    @pytest.fixture
    def whole(self) -> np.ndarray:
        """A picture with two faces."""
        picture = np.full((200, 300, 3), 60, np.uint8)
        picture[40:70, 50:80] = picture[100:140, 180:220] = 255
        return picture

    @pytest.fixture
    def walking(self, tmp_path) -> Path:
        """A folder of large frames in which a face moves to the right."""
        (tmp_path / "walking").mkdir()
        for index in range(3):
            frame = np.zeros((160, 240, 3), np.uint8)
            frame[60:90, 100 + 3 * index : 130 + 3 * index] = 255
            write_image(tmp_path / "walking" / f"{index}.png", frame)
        return tmp_path / "walking"

    @pytest.mark.parametrize("face", ["largest", "all", 1])
    def test_faces_move_in_the_whole_picture_and_nothing_else(
        self, animate, framed, whole, walking, face
    ):
        result = animate(model=framed, source=whole, driving=walking, face=face, view="default")
        frames = [read_image(path) for path in sorted(result.output.iterdir())]
        assert [frame.shape for frame in frames] == [whole.shape] * 3
        squares = {"largest": [(160, 80, 80)], 1: [(35, 25, 60)]}
        outside = np.ones(whole.shape[:2], bool)
        for left, top, side in squares.get(face, [(160, 80, 80), (35, 25, 60)]):
            outside[top : top + side, left : left + side] = False
            first, last = (
                np.nonzero(frame[top : top + side, left : left + side, 0] > 200)[1].mean()
                for frame in (frames[0], frames[-1])
            )
            assert last > first + 2
        for frame in frames:
            np.testing.assert_array_equal(frame[outside], whole[outside])

    def test_without_pasting_back_the_square_is_shown(self, animate, framed, whole, walking):
        result = animate(model=framed, source=whole, driving=walking, paste_back=False)
        assert read_image(result.output / "000000.png").shape == (64, 64, 3)

    def test_a_larger_result_is_sharp_where_nothing_moves(self, animate, framed, whole, walking):
        still = next(iter(VideoReader(walking)))
        (walking / "1.png").unlink()
        (walking / "2.png").unlink()
        noise = np.random.default_rng(1).integers(0, 60, whole.shape, np.uint8)
        sharp = np.minimum(whole, 190) + noise
        files = {"model": framed, "source": sharp, "driving": walking, "size": 400}
        detailed, plain = (
            read_image(animate(**files, detail=detail).output / "000000.png").astype(int)
            for detail in (True, False)
        )
        assert detailed.shape == (400, 600, 3)
        assert still.shape == (160, 240, 3)
        large = fit(sharp, (400, 600), "stretch")[200:320, 340:460]
        errors = [np.abs(x[200:320, 340:460] - large).mean() for x in (detailed, plain)]
        assert errors[0] < 0.5 * errors[1]

    def test_sheets_show_the_squares(self, animate, framed, whole, walking):
        result = animate(model=framed, source=whole, driving=walking, view="detailed")
        assert read_image(result.output / "000000.png").shape[0] < 200

    def test_detailed_sheets_show_the_whole_picture_where_it_was_cropped(
        self, animate, framed, whole, walking
    ):
        files = {"model": framed, "source": whole, "driving": walking, "view": "detailed"}
        cropped, plain = (
            read_image(animate(**files, crop=crop).output / "000000.png")
            for crop in ("auto", "off")
        )
        assert cropped.shape[1] > plain.shape[1] + 60
        panel = cropped[:, 1:65]
        grey = np.argwhere((panel == 60).all(axis=2))
        height, width = np.ptp(grey, axis=0) + 1
        assert abs(width / height - 1.5) < 0.05

    def test_with_crop_off_it_is_as_ever(self, animate, framed, whole, walking):
        result = animate(model=framed, source=whole, driving=walking, crop="off")
        off = read_image(result.output / "000001.png")
        result = animate(
            model=replace(framed, framing=None), source=whole, driving=walking, crop="auto"
        )
        np.testing.assert_array_equal(off, read_image(result.output / "000001.png"))

    def test_the_result_and_the_motion_tell_their_squares(
        self, animate, framed, whole, walking, tmp_path
    ):
        files = {"model": framed, "source": whole, "driving": walking}
        result = animate(**files, face="all", save_motion=tmp_path / "m.npz")
        with Image.open(result.output / "000000.png") as image:
            said = json.loads(image.text["Comment"])
        assert said["squares"] == [[35, 25, 60], [160, 80, 80]]
        assert MotionTemplate.load(tmp_path / "m.npz").crop == (85, 45, 60)

    def test_it_tells_of_the_search(self, animate, framed, whole, walking):
        seen: list[Progress] = []
        animate(seen.append, model=framed, source=whole, driving=walking)
        assert [step.stage for step in seen] == ["finding"] * 3 + ["animating"] * 3


class TestSound:
    @pytest.fixture
    def sounds(self, monkeypatch) -> list[object]:
        """What video writers are given as their sound."""
        given = []

        def writer(path, rate, *, audio=None, comment=""):
            given.append(audio)
            return VideoWriter(path, rate, comment=comment)

        monkeypatch.setattr(pipeline_output, "VideoWriter", writer)
        return given

    def test_that_of_the_driving_part(self, animate, clip, tmp_path, sounds):
        output = tmp_path / "result.mp4"
        animate(driving=clip, output=output, png=False, start=0.05, end=0.15)
        assert sounds == [pipeline_output.AudioClip(clip, 0.05, 0.15)]

    def test_none_if_not_wanted(self, animate, clip, tmp_path, sounds):
        output = tmp_path / "result.mp4"
        animate(driving=clip, output=output, png=False, audio=False)
        assert sounds == [None]

    def test_a_template_has_none(self, animate, tmp_path, sounds):
        motion = tmp_path / "motion.npz"
        animate(save_motion=motion)
        template = MotionTemplate.load(motion)
        animate(driving=template, output=tmp_path / "result.mp4", png=False)
        assert sounds == [None]


class TestMotion:
    @pytest.mark.parametrize("options", [{}, {"find_best_frame": True}, {"smooth": True}])
    def test_saved_and_used_again_it_gives_the_same_frames(self, animate, tmp_path, options):
        motion = tmp_path / "deep" / "motion.npz"
        first = animate(save_motion=motion, **options)
        template = MotionTemplate.load(motion)
        assert (len(template), template.frame_rate, template.model) == (len(PLACES), 25, "fake")
        again = animate(driving=template, output=tmp_path / "again")
        for one, other in zip(
            sorted(first.output.iterdir()), sorted(again.output.iterdir()), strict=True
        ):
            np.testing.assert_array_equal(read_image(one), read_image(other))

    def test_the_best_frame_is_only_a_reference(self, animate, monkeypatch):
        """All frames come, in order, each moved as from the best one."""
        monkeypatch.setattr("fomm_core.animator.best_reference", lambda source, driving: 2)
        done = animate(find_best_frame=True)
        assert places_of(done.output) == [20 + x - PLACES[2] for x in PLACES]

    @pytest.mark.parametrize("smooth", [False, True])
    @pytest.mark.parametrize(("view", "times"), [("generated", 1), ("default", 2)])
    def test_a_search_decodes_once_where_no_driving_frame_is_shown(
        self, animate, clip, monkeypatch, view, times, smooth
    ):
        """The keypoints of the search drive alone; the frames are those of a second reading."""
        options = {"driving": clip, "find_best_frame": True, "smooth": smooth}
        expected = [place(frame) for frame in self.generated(animate, "full", options)]
        decoded = []
        read = VideoReader.__iter__

        def counted(self):
            for frame in read(self):
                decoded.append(1)
                yield frame

        monkeypatch.setattr(VideoReader, "__iter__", counted)
        assert [place(frame) for frame in self.generated(animate, view, options)] == expected
        assert len(decoded) == times * len(PLACES)

    def generated(self, animate, view: str, options: dict) -> list[np.ndarray]:
        """The generated frames, whatever is shown of them."""
        seen: list[Progress] = []
        animate(seen.append, view=view, **options)
        return [each.frame.prediction for each in seen if each.frame is not None]

    def test_after_it_broken_videos_are_reported_once(self, animate, driving, caplog):
        (driving / "4.png").write_bytes(b"broken")
        with caplog.at_level(logging.WARNING, "fomm_core.pipeline.driving"):
            done = animate(find_best_frame=True, keep_going=True)
        assert done.frames == 4
        assert caplog.text.count("going on with the 4 frames before it") == 1

    def test_the_best_frame_of_a_template(self, animate, tmp_path, monkeypatch):
        motion = tmp_path / "motion.npz"
        animate(save_motion=motion)
        monkeypatch.setattr("fomm_core.animator.best_reference", lambda source, driving: 3)
        template = MotionTemplate.load(motion)
        done = animate(driving=template, find_best_frame=True, output=tmp_path / "best")
        assert places_of(done.output) == [20 + x - PLACES[3] for x in PLACES]

    def test_a_template_of_another_model(self, animate, tiny, tmp_path):
        seven = Model("seven", tiny((*SIZE, 3)), FakeEngine(SIZE, num_kp=7))
        motion = tmp_path / "motion.npz"
        animate(model=seven, save_motion=motion)
        with pytest.raises(MotionError, match="found 7"):
            animate(driving=MotionTemplate.load(motion), output=tmp_path / "never")
        assert not (tmp_path / "never").exists()


class TestProgress:
    def test_it_sees_every_frame(self, animate):
        seen: list[Progress] = []
        animate(seen.append)
        assert [progress.stage for progress in seen] == ["animating"] * len(PLACES)
        assert [progress.done for progress in seen] == list(range(1, len(PLACES) + 1))
        assert {progress.total for progress in seen} == {len(PLACES)}
        assert [place(progress.frame.prediction) for progress in seen] == MOVED

    def test_and_the_search_before(self, animate):
        seen: list[Progress] = []
        animate(seen.append, find_best_frame=True)
        assert [progress.stage for progress in seen] == (
            ["searching"] * len(PLACES) + ["animating"] * len(PLACES)
        )
        assert seen[0].frame is None

    @pytest.mark.parametrize("png", [True, False])
    @pytest.mark.parametrize(("stage", "done"), [("animating", 3), ("searching", 2)])
    def test_its_exception_cancels_and_leaves_nothing(
        self, model, animate, tmp_path, png, stage, done
    ):
        class CancelledError(Exception):
            pass

        def cancel(progress: Progress) -> None:
            if (progress.stage, progress.done) == (stage, done):
                raise CancelledError

        folder = tmp_path / "out"
        output = folder / ("result" if png else "result.mp4")
        with pytest.raises(CancelledError):
            animate(cancel, output=output, png=png, find_best_frame=True)
        assert not folder.exists()
        assert not model.engine.closed

    def test_an_interruption_keeps_what_there_is(self, animate, tmp_path):
        def interrupt(progress: Progress) -> None:
            if progress.done == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            animate(interrupt)
        (kept,) = (tmp_path / "out").iterdir()
        assert kept.name == "result.part"
        assert places_of(kept) == MOVED[:3]


class TestRefusals:
    def test_the_output_is_no_input(self, animate, source, clip):
        before = [path.read_bytes() for path in (source, clip)]
        for output in (source, clip, clip.parent / "x" / ".." / clip.name):
            with pytest.raises(OutputError, match="expected another name than that of an input"):
                animate(driving=clip, output=output, png=False)
        assert [path.read_bytes() for path in (source, clip)] == before

    def test_not_through_a_link_either(self, animate, clip, tmp_path):
        (tmp_path / "link.mp4").symlink_to(clip)
        with pytest.raises(OutputError, match="expected another name"):
            animate(driving=clip, output=tmp_path / "link.mp4", png=False)

    def test_a_folder_of_inputs_is_no_output(self, animate, driving):
        with pytest.raises(OutputError, match="expected another name"):
            animate(output=driving)
        with pytest.raises(OutputError, match="expected another name"):
            animate(output=driving.parent)
        assert len(list(driving.iterdir())) == len(PLACES)

    def test_saved_motion_has_a_name_of_its_own(self, animate, source, tmp_path):
        for motion in (source, tmp_path / "out" / "result"):
            with pytest.raises(OutputError, match="expected another name"):
                animate(save_motion=motion)
        assert source.exists()

    @pytest.mark.parametrize("option", ["output", "save_motion"])
    def test_what_was_read_before_is_spared(self, animate, tmp_path, option):
        spared = tmp_path / "read.mp4"
        spared.write_text("read before")
        named = {"png": False, "output": tmp_path / "out.mp4", option: tmp_path / "x/../read.mp4"}
        with pytest.raises(OutputError, match="expected another name"):
            animate(spared=(spared,), **named)
        assert spared.read_text() == "read before"

    def test_a_missing_source(self, animate, tmp_path):
        with pytest.raises(MediaError, match=r"none\.png: expected a picture"):
            animate(source=tmp_path / "none.png")
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize(
        "picture",
        [
            np.zeros((8, 8, 4), np.uint8),
            np.zeros((8, 8), np.uint8),
            np.zeros((0, 8, 3), np.uint8),
            np.zeros((8, 8, 3), np.float32),
        ],
    )
    def test_an_array_that_is_no_picture(self, animate, picture, tmp_path):
        with pytest.raises(
            MediaError, match=r"^source: expected a picture \(H, W, 3\) uint8, found"
        ):
            animate(source=picture)
        assert not (tmp_path / "out").exists()

    def test_a_part_of_a_template(self, animate, tmp_path):
        animate(save_motion=tmp_path / "motion.npz")
        template = MotionTemplate.load(tmp_path / "motion.npz")
        with pytest.raises(MediaError, match=r"^start and end: expected a driving video, found a"):
            animate(driving=template, start=0.1, output=tmp_path / "never")
        assert not (tmp_path / "never").exists()

    def test_a_missing_driving(self, animate, tmp_path):
        with pytest.raises(MediaError, match="none"):
            animate(driving=tmp_path / "none.mp4")
        assert not (tmp_path / "out").exists()


class TestDamage:
    @pytest.fixture
    def breaking(self, monkeypatch):
        """Lets every video break off after some frames."""

        def after(count: int) -> None:
            whole = VideoReader.__iter__

            def broken(self):
                for number, frame in enumerate(whole(self)):
                    if number == count:
                        raise BrokenMediaError("driving: broken off", count)
                    yield frame

            monkeypatch.setattr(VideoReader, "__iter__", broken)

        return after

    def test_it_ends_the_animation(self, animate, breaking, tmp_path):
        breaking(3)
        with pytest.raises(BrokenMediaError):
            animate()
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("options", [{}, {"find_best_frame": True}])
    def test_or_what_comes_before_is_animated(self, animate, breaking, caplog, options):
        breaking(3)
        with caplog.at_level(logging.WARNING, "fomm_core.pipeline.driving"):
            done = animate(keep_going=True, **options)
        assert done.frames == 3
        assert len(places_of(done.output)) == 3
        assert "driving: broken off; going on with the 3 frames before it" in caplog.text

    def test_nothing_before_it_is_nothing_to_write(self, animate, breaking, tmp_path):
        breaking(0)
        with pytest.raises(OutputError, match="expected frames to write, found none"):
            animate(keep_going=True)
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("searching", [False, True])
def test_an_error_that_is_kept_leaves_no_thread_behind(model, source, clip, tmp_path, searching):
    def stop(progress):
        if progress.stage == "animating":
            raise LookupError

    options = AnimationOptions(find_best_frame=searching)
    with pytest.raises(LookupError) as kept:
        animate_file(source, clip, tmp_path / "a.mp4", options, model=model, on_progress=stop)

    assert kept.traceback
    assert "read-ahead" not in {thread.name for thread in threading.enumerate()}


def test_an_error_of_the_engine_leaves_no_thread_behind(model, source, clip, tmp_path, monkeypatch):
    def fail(*_):
        raise MotionError("nothing to see")

    monkeypatch.setattr(model.engine, "render", fail)
    with pytest.raises(MotionError) as kept:
        animate_file(source, clip, tmp_path / "a.mp4", model=model)

    assert kept.traceback
    assert "read-ahead" not in {thread.name for thread in threading.enumerate()}
