from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from fomm_core.distributed import SingleProcess
from fomm_core.engine.fake import FakeEngine
from fomm_core.errors import MediaError
from fomm_core.image import read_image, write_image
from fomm_core.loading import Model
from fomm_core.motion.template import MotionTemplate
from fomm_core.pipeline.jobs import animate_jobs, plan_jobs, read_source
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.pipeline.pairs import Pair
from fomm_core.pipeline.run import animate_file
from moving_spot import moving_spot

SIZE = (32, 32)
OPTIONS = AnimationOptions(view="generated", png=True)


class CountingEngine(FakeEngine):
    """Counts what it is asked for."""

    def __init__(self) -> None:
        super().__init__(SIZE)
        self.encoded = self.detected = self.rendered = 0

    def encode(self, image):
        self.encoded += 1
        return super().encode(image)

    def detect(self, image):
        self.detected += 1
        return super().detect(image)

    def render(self, *arguments):
        self.rendered += 1
        return super().render(*arguments)


@dataclass(frozen=True, eq=False)
class OneOfTwo(SingleProcess):
    """A rank of two, which hears of the other's outcomes."""

    rank: int
    others: tuple = ()
    size: int = 2

    def gather(self, value):
        return [value, list(self.others)]


@pytest.fixture
def model(tiny) -> Model:
    return Model("fake", tiny((*SIZE, 3)), CountingEngine())


@pytest.fixture
def media(tmp_path):
    """Two sources and two driving folders of 3 and 4 frames."""
    for number, name in enumerate(("a", "b")):
        write_image(tmp_path / f"{name}.png", moving_spot(1, SIZE, 7 + number)[0])
        (tmp_path / f"{name}_moves").mkdir()
        for index, frame in enumerate(moving_spot(3 + number, SIZE, number)):
            write_image(tmp_path / f"{name}_moves" / f"{index}.png", frame)
    return tmp_path


@pytest.fixture
def plan(media):
    """Plans jobs from the names of sources and driving folders."""

    def make(*names, options=OPTIONS):
        pairs = [
            Pair(line, media / source, media / driving, *output)
            for line, (source, driving, *output) in enumerate(names, start=1)
        ]
        return plan_jobs(pairs, media / "list.csv", media / "out", "fake", options)

    return make


ALL = [("a.png", "a_moves"), ("b.png", "a_moves"), ("a.png", "b_moves"), ("b.png", "b_moves")]


def pictures(folder: Path) -> np.ndarray:
    return np.stack([read_image(path) for path in sorted(folder.iterdir())])


@pytest.mark.parametrize("view", ["generated", "default"])
@pytest.mark.parametrize("best", [False, True])
@pytest.mark.parametrize("smooth", [False, True])
def test_results_are_those_of_one_animation_at_a_time(model, plan, media, view, best, smooth):
    options = AnimationOptions(view=view, png=True, find_best_frame=best, smooth=smooth)
    for outcome in animate_jobs(model, plan(*ALL, options=options), options):
        pair = outcome.job.pair
        alone = animate_file(pair.source, pair.driving, media / "alone", options, model=model)
        assert outcome.frames == alone.frames
        np.testing.assert_array_equal(pictures(outcome.job.output), pictures(alone.output))


def test_sources_are_encoded_and_motions_detected_once(model, plan):
    animate_jobs(model, plan(*ALL), OPTIONS)
    engine = model.engine
    assert (engine.encoded, engine.rendered) == (2, 2 * (3 + 4))
    assert engine.detected == 2 + 3 + 4


def test_results_have_the_names_of_the_list_or_their_own(plan, media):
    jobs = plan(("a.png", "a_moves"), ("a.png", "b_moves", "mine/one"))
    folder = media / "out"
    assert [job.output for job in jobs] == [
        folder / "fake" / "arbitrary" / "a_by_a_moves",
        folder / "mine" / "one",
    ]
    video = plan(("a.png", "a_moves"), options=AnimationOptions())
    assert video[0].output.name == "a_by_a_moves.mp4"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([("a.png", "a_moves"), ("a.png", "a_moves")], "line 2: .* than that of line 1"),
        ([("a.png", "a_moves", "x"), ("b.png", "b_moves", "y/../x")], "name it in the column"),
        ([("a.png", "a_moves", "../b.png"), ("b.png", "b_moves")], "line 1: .* of an input"),
        ([("a.png", "a_moves", "../list.csv")], "line 1: .*list.csv: expected another name"),
        ([("a.png", "a_moves", "../../x.mp4")], "line 1: .* the name of a result in"),
        ([("a.png", "a_moves", "/nowhere/x.mp4")], "line 1: .* the name of a result in"),
    ],
)
def test_results_replace_nothing(plan, names, reason):
    with pytest.raises(MediaError, match=reason):
        plan(*names)


def test_a_bad_pair_ends_the_run_or_is_left_out(model, plan, media):
    (media / "b.png").write_bytes(b"no picture")
    jobs = plan(*ALL)
    first, second = animate_jobs(model, [jobs[1], jobs[0]], OPTIONS), None
    assert [bool(outcome.failure) for outcome in first] == [True], "the other was not begun"
    second = animate_jobs(model, jobs, OPTIONS, keep_going=True)
    assert [outcome.frames for outcome in second] == [3, 0, 4, 0]
    assert all("b.png: expected a picture" in outcome.failure for outcome in second[1::2])
    assert not jobs[1].output.exists()


def test_what_is_there_is_left_alone(model, plan):
    jobs = plan(*ALL)
    animate_jobs(model, jobs[:1], OPTIONS)
    before = jobs[0].output.stat().st_mtime_ns
    resumed = animate_jobs(model, jobs, OPTIONS, resume=True)
    assert [outcome.frames for outcome in resumed] == [0, 3, 4, 4]
    assert jobs[0].output.stat().st_mtime_ns == before


def test_each_rank_makes_its_part_and_hears_of_all(model, plan):
    jobs = plan(*ALL)
    second = animate_jobs(model, jobs, OPTIONS, ranks=OneOfTwo(1))
    assert [outcome.job for outcome in second] == [jobs[1], jobs[3]], "those of one source"
    assert model.engine.encoded == 1
    both = animate_jobs(model, jobs, OPTIONS, ranks=OneOfTwo(0, tuple(second)))
    assert [outcome.job for outcome in both] == jobs


def test_a_saved_motion_and_the_first_frame_of_a_video_will_do(model, plan, media):
    keypoints = [model.engine.detect(np.zeros((3, *SIZE), np.float32))] * 2
    MotionTemplate.from_keypoints(
        keypoints, frame_rate=OPTIONS.frame_rate or 25, model="fake", frame_size=SIZE
    ).save(media / "still.npz")
    (outcome,) = animate_jobs(model, plan(("b_moves", "still.npz")), OPTIONS)
    assert outcome.frames == 2
    source = read_source(media / "b_moves")
    np.testing.assert_array_equal(source, read_image(media / "b_moves" / "0.png"))
    np.testing.assert_array_equal(pictures(outcome.job.output), [source, source])


def test_progress_tells_what_is_done(model, plan):
    seen = {}
    jobs = plan(*ALL[:2])

    def callback_of(job):
        return seen.setdefault(job, []).append

    animate_jobs(model, jobs, OPTIONS, on_progress_of=callback_of)
    stages = [[progress.stage for progress in seen[job]] for job in jobs]
    assert stages == [["recording"] * 3 + ["animating"] * 3, ["animating"] * 3]
