from __future__ import annotations

import weakref
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from fomm_core.animator import Animator
from fomm_core.engine.fake import FakeEngine
from fomm_core.errors import EngineError, FommError, MotionError
from fomm_core.image import read_image
from fomm_core.loading import Model, load_model
from fomm_core.motion.keypoints import Keypoints
from fomm_core.motion.smoothing import OneEuroFilter
from fomm_core.motion.template import MotionTemplate
from fomm_core.motion.transfer import MotionTransfer

SIZE = (32, 48)
RATE = Fraction(25)

MODES = {
    "relative": {"motion": "relative"},
    "relative_adapt": {"motion": "relative", "adapt_scale": True},
    "absolute": {"motion": "absolute"},
    "relative_value_only": {"motion": "relative-values"},
}


@pytest.fixture(scope="module", params=["nnabla", "openvino", "onnxruntime"])
def golden_model(request, nnabla, mini, tmp_path_factory):
    pytest.importorskip(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOMM_CACHE", str(tmp_path_factory.mktemp("cache")))
        files = {"config": mini / "config.yaml", "params": mini / "params.h5"}
        with load_model(**files, engine=request.param) as model:
            yield model


class TestGolden:
    """The whole way from PNGs to 8-bit frames is the reference's."""

    @pytest.fixture
    def predictions(self, golden_model, monkeypatch) -> list[np.ndarray]:
        """What the engine renders, before it becomes bytes: (H, W, 3) float64 times 255."""
        rendered = []
        render = golden_model.engine.render

        def kept(*args, **options):
            rendering = render(*args, **options)
            rendered.append(rendering.prediction.transpose(1, 2, 0) * np.float64(255))
            return rendering

        monkeypatch.setattr(golden_model.engine, "render", kept)
        return rendered

    @pytest.mark.parametrize("mode", MODES)
    def test_frames_and_keypoints(self, golden_model, predictions, mini, golden_frames, mode):
        folder = mini / "animate"
        driving = [read_image(path) for path in sorted((folder / "driving").glob("*.png"))]
        animator = Animator(golden_model, read_image(folder / "source.png"), **MODES[mode])
        frames = list(animator.run(driving))
        exact = golden_model.engine.name == "nnabla"
        tolerance = 1e-5 if exact else 2e-4
        expected = golden_frames["kp_source_value"][0]
        np.testing.assert_allclose(animator.kp_source.value, expected, rtol=0, atol=tolerance)
        found = np.stack([frame.keypoints.value for frame in frames])
        np.testing.assert_allclose(found, golden_frames[f"{mode}_kp"], rtol=0, atol=tolerance)
        difference = np.stack([frame.prediction for frame in frames]) - golden_frames[mode].astype(
            int
        )
        assert np.abs(difference).max() <= 1
        if exact:
            # 201.000003 becomes 201 where the reference had 200.999998: four of 200,000
            # values. Within the tolerance of a float everything else is the same byte.
            lowest, highest = (np.stack(predictions) + side * 255 * tolerance for side in (-1, 1))
            assert (np.floor(lowest) <= golden_frames[mode]).all()
            assert (golden_frames[mode] <= np.floor(highest)).all()
            assert np.count_nonzero(difference) < 10


@pytest.fixture
def model(tiny) -> Model:
    return Model("fake", tiny((*SIZE, 3)), FakeEngine(SIZE))


def spot(x: int, y: int = 16, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A picture with one bright block of 3x3 pixels."""
    image = np.zeros((*size, 3), np.uint8)
    image[y - 1 : y + 2, x - 1 : x + 2] = 255
    return image


def place(image: np.ndarray) -> tuple[int, int]:
    """The middle of the bright block, (x, y)."""
    y, x = np.nonzero(image[..., 0])
    return round(x.mean()), round(y.mean())


class TestStream:
    def test_frames_come_in_order_with_their_numbers(self, model):
        driving = [spot(x) for x in (10, 12, 9, 20)]
        frames = list(Animator(model, spot(20, 10)).run(driving))
        assert [frame.index for frame in frames] == [0, 1, 2, 3]
        assert [place(frame.prediction) for frame in frames] == [
            (20, 10),
            (22, 10),
            (19, 10),
            (30, 10),
        ]
        for frame, image in zip(frames, driving, strict=True):
            np.testing.assert_array_equal(frame.driving, image)
            assert frame.prediction.dtype == np.uint8
            assert frame.diagnostics is None

    def test_a_frame_is_read_when_it_is_asked_for(self, model):
        read = []

        def driving():
            for x in range(10, 30):
                read.append(x)
                yield spot(x)

        frames = Animator(model, spot(20)).run(driving())
        assert read == []
        for count in (1, 2, 3):
            next(frames)
            assert len(read) == count
        frames.close()
        assert len(read) == 3

    def test_endless_driving_does(self, model):
        def driving():
            while True:
                yield spot(10)

        frames = Animator(model, spot(20)).run(driving())
        assert [next(frames).index for _ in range(50)] == list(range(50))

    def test_memory_does_not_grow(self, model):
        made: list[weakref.ref] = []

        def driving():
            for index in range(40):
                image = spot(10 + index % 20)
                made.append(weakref.ref(image))
                yield image

        most = 0
        outcomes: list[weakref.ref] = []
        for frame in Animator(model, spot(20)).run(driving(), diagnostics=True):
            outcomes.append(weakref.ref(frame))
            alive = [sum(ref() is not None for ref in refs) for refs in (made, outcomes)]
            most = max(most, *alive)
        assert len(made) == len(outcomes) == 40
        assert most <= 2

    def test_nothing_to_drive_with_gives_nothing(self, model):
        assert list(Animator(model, spot(20)).run([])) == []

    def test_one_animator_runs_again(self, model):
        animator = Animator(model, spot(20))
        first, second = (
            [place(frame.prediction) for frame in animator.run([spot(10), spot(14)])]
            for _ in range(2)
        )
        assert first == second == [(20, 16), (24, 16)]

    def test_two_animators_share_a_model(self, model):
        runs = [Animator(model, spot(x)).run([spot(10), spot(14)]) for x in (8, 30)]
        found = [[place(frame.prediction)[0] for frame in pair] for pair in zip(*runs, strict=True)]
        assert found == [[8, 30], [12, 34]]

    def test_the_source_is_encoded_once(self, model, monkeypatch):
        calls = []
        encode = model.engine.encode
        monkeypatch.setattr(model.engine, "encode", lambda image: calls.append(1) or encode(image))
        list(Animator(model, spot(20)).run([spot(10)] * 5))
        assert len(calls) == 1

    def test_diagnostics_on_demand(self, model):
        frame = next(Animator(model, spot(20)).run([spot(10)], diagnostics=True))
        assert frame.diagnostics.mask.shape == (5, 8, 12)

    def test_other_sizes_are_fitted(self, model):
        animator = Animator(model, spot(40, 32, (64, 96)), fit="stretch")
        assert animator.source.shape == (*SIZE, 3)
        frame = next(animator.run([spot(20, 32, (64, 64))]))
        assert frame.prediction.shape == frame.driving.shape == (*SIZE, 3)

    @pytest.mark.parametrize(("fit", "black"), [("crop", False), ("pad", True)])
    def test_the_kind_of_fitting_is_for_source_and_driving(self, model, fit, black):
        wide = np.full((32, 96, 3), 255, np.uint8)
        animator = Animator(model, wide, fit=fit)
        frame = next(animator.run([wide]))
        prepared = next(animator.run([animator.prepare(wide)]))
        np.testing.assert_array_equal(prepared.prediction, frame.prediction)
        for image in (animator.source, frame.driving):
            assert (image[0] == 0).all() == black

    def test_a_picture_without_three_channels_is_refused(self, model):
        with pytest.raises(EngineError, match=r"expected an image float32 \(3, 32, 48\), found"):
            Animator(model, np.zeros((*SIZE, 4), np.uint8))


class TestModes:
    def test_absolute_goes_where_the_driving_is(self, model):
        frames = Animator(model, spot(20, 10), motion="absolute").run([spot(10), spot(30)])
        assert [place(frame.prediction) for frame in frames] == [(10, 16), (30, 16)]

    @pytest.mark.parametrize("motion", ["relative", "relative-values", "absolute"])
    def test_keypoints_are_those_of_the_transfer(self, model, motion):
        driving = [spot(x) for x in (10, 13, 18)]
        animator = Animator(model, spot(25, 12), motion=motion)
        frames = list(animator.run(driving))
        transfer = MotionTransfer(animator.kp_source, frames[0].keypoints_driving, motion)
        for frame in frames:
            expected = transfer(frame.keypoints_driving)
            np.testing.assert_array_equal(frame.keypoints.value, expected.value)
            np.testing.assert_array_equal(frame.keypoints.jacobian, expected.jacobian)

    def test_an_adapted_scale(self, model, monkeypatch):
        """A source twice as large moves twice as far."""
        detect = FakeEngine.detect

        def magnified(self, image):
            found = detect(self, image)
            centre = found.value.mean(axis=0)
            factor = 2 if image[:, :, 30:].any() else 1
            return Keypoints(centre + factor * (found.value - centre), found.jacobian)

        monkeypatch.setattr(FakeEngine, "detect", magnified)
        for adapt_scale, far in ((False, 35), (True, 38)):
            animator = Animator(model, spot(32), adapt_scale=adapt_scale)
            frames = list(animator.run([spot(10), spot(13)]))
            assert [place(frame.prediction)[0] for frame in frames] == [32, far]

    def test_unknown_modes(self, model):
        with pytest.raises(MotionError, match="motion mode: expected one of"):
            Animator(model, spot(20), motion="sideways")
        with pytest.raises(FommError, match=r"^fit: expected one of crop, .* found 'cut'"):
            Animator(model, spot(20), fit="cut")


class TestNaN:
    def nan_model(self, tiny, *calls: int) -> Model:
        """Call 0 of the detector is the source's."""
        return Model("fake", tiny((*SIZE, 3)), FakeEngine(SIZE, nan_frames=frozenset(calls)))

    def test_a_bad_source_is_refused(self, tiny):
        with pytest.raises(MotionError, match=r"^source image: expected finite keypoints, found"):
            Animator(self.nan_model(tiny, 0), spot(20))

    def test_bad_frames_hold_the_last_good_ones(self, tiny):
        animator = Animator(self.nan_model(tiny, 2, 3), spot(20))
        frames = list(animator.run([spot(x) for x in (10, 12, 14, 16)]))
        assert [place(frame.prediction)[0] for frame in frames] == [20, 20, 20, 26]
        assert all(frame.keypoints_driving.is_finite for frame in frames)

    def test_a_bad_first_frame_is_refused(self, tiny):
        animator = Animator(self.nan_model(tiny, 1), spot(20))
        with pytest.raises(MotionError, match=r"^driving frame 0 keypoints"):
            next(animator.run([spot(10), spot(12)]))


class TestTemplates:
    driving = tuple(spot(x) for x in (10, 13, 20, 16))

    def test_a_recorded_motion_drives_as_the_video_does(self, model, tmp_path):
        animator = Animator(model, spot(20, 10))
        animator.record(self.driving, RATE).save(tmp_path / "motion.npz")
        template = MotionTemplate.load(tmp_path / "motion.npz")
        assert (template.model, template.frame_size) == ("fake", SIZE)
        assert template.frame_rate == RATE
        expected = list(animator.run(self.driving))
        found = list(animator.run(template))
        assert len(found) == len(expected) == 4
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.prediction, other.prediction)
            assert one.driving is None
            assert one.index == other.index

    def test_a_template_with_its_frames_saves_detecting(self, model, monkeypatch):
        animator = Animator(model, spot(20, 10))
        template = animator.record(self.driving, RATE)
        expected = [frame.prediction for frame in animator.run(self.driving)]
        monkeypatch.setattr(model.engine, "detect", None)
        frames = list(animator.run(self.driving, template=template))
        for frame, image, prediction in zip(frames, self.driving, expected, strict=True):
            np.testing.assert_array_equal(frame.driving, image)
            np.testing.assert_array_equal(frame.prediction, prediction)

    def test_its_reference_counts(self, model):
        animator = Animator(model, spot(20, 10))
        template = MotionTemplate.from_keypoints(
            animator.record(self.driving, RATE),
            frame_rate=RATE,
            model="fake",
            frame_size=SIZE,
            reference=2,
        )
        for frames in (animator.run(template), animator.run(self.driving, template=template)):
            assert [place(frame.prediction)[0] for frame in frames] == [10, 13, 20, 16]

    def test_the_best_reference_has_the_sources_pose(self, model, monkeypatch):
        """The fake engine's keypoints are a ring that looks alike everywhere: make it turn."""
        detect = FakeEngine.detect

        def turned(self, image):
            found = detect(self, image)
            centre = found.value.mean(axis=0)
            stretch = np.array([1 + 3 * image[:, 16].argmax(axis=1).max() / SIZE[1], 1])
            return Keypoints(centre + stretch * (found.value - centre), found.jacobian)

        monkeypatch.setattr(FakeEngine, "detect", turned)
        animator = Animator(model, spot(20))
        template = animator.record(self.driving, RATE)
        assert template.reference == 0
        best = animator.with_best_reference(template)
        assert best.reference == 2
        np.testing.assert_array_equal(best.values, template.values)

    @pytest.mark.parametrize("motion", ["relative", "absolute"])
    def test_a_template_of_another_model(self, model, tiny, motion):
        seven = Model("seven", tiny((*SIZE, 3)), FakeEngine(SIZE, num_kp=7))
        template = Animator(seven, spot(20)).record(self.driving, RATE)
        with pytest.raises(MotionError, match=r"expected 4 .*found 7"):
            next(Animator(model, spot(20), motion=motion).run(template))

    def test_nothing_to_record(self, model):
        with pytest.raises(MotionError, match="expected at least one frame"):
            Animator(model, spot(20)).record([], RATE)


class TestSmoothing:
    def test_driving_keypoints_are_smoothed_in_order(self, model):
        driving = [spot(x) for x in (10, 14, 10, 14, 10)]
        animator = Animator(model, spot(20))
        raw = [frame.keypoints_driving for frame in animator.run(driving)]
        check = OneEuroFilter(RATE)
        expected = [check(keypoints) for keypoints in raw]
        smooth = list(animator.run(driving, smoother=OneEuroFilter(RATE)))
        for frame, keypoints in zip(smooth, expected, strict=True):
            np.testing.assert_array_equal(frame.keypoints_driving.value, keypoints.value)
        shake = np.ptp([keypoints.value[0, 0] for keypoints in raw])
        calm = np.ptp([frame.keypoints.value[0, 0] for frame in smooth])
        assert calm < 0.9 * shake

    def test_a_template_is_smoothed_with_its_reference(self, model):
        driving = [spot(x) for x in (10, 14, 10, 14, 10)]
        animator = Animator(model, spot(20))
        template = replace(animator.record(driving, RATE), reference=3)
        smoothed = template.mapped(OneEuroFilter(RATE))
        expected = list(animator.run(smoothed))
        for known in (
            animator.run(template, smoother=OneEuroFilter(RATE)),
            animator.run(driving, template=template, smoother=OneEuroFilter(RATE)),
        ):
            for frame, like in zip(known, expected, strict=True):
                np.testing.assert_array_equal(frame.keypoints.value, like.keypoints.value)

    def test_held_frames_reach_the_smoother_as_good_ones(self, tiny):
        model = Model("fake", tiny((*SIZE, 3)), FakeEngine(SIZE, nan_frames=frozenset({2})))
        frames = Animator(model, spot(20)).run([spot(10)] * 3, smoother=OneEuroFilter(RATE))
        assert all(frame.keypoints.is_finite for frame in frames)
