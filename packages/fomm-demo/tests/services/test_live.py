from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fomm_core.errors import FaceError, FommError, MediaError
from fomm_core.face.crop import Crop
from fomm_core.image import write_image
from fomm_core.pipeline.options import AnimationOptions
from fomm_core.video import VideoReader
from fomm_demo.services import live as live_service
from fomm_demo.services.live import LiveRequest, LiveService

STEP = 0.04


@pytest.fixture
def frames(clip):
    """A drawn person, and then nothing but bright light on the right."""
    first = next(iter(VideoReader(clip)))
    aside = np.zeros_like(first)
    aside[:, 64:] = 255
    return [first, aside]


@pytest.fixture
def service(animation):
    return LiveService(animation)


def request(*pictures, **options):
    options = {"paste_back": False, **options}
    return LiveRequest(tuple(pictures), "avatar", AnimationOptions(**options))


def drive(room, frames, start=1.0):
    return [room.follow(frame, start + index * STEP) for index, frame in enumerate(frames)]


def start(room, frame):
    """Let a room find its reference while the camera shows one frame."""
    return drive(room, [frame] * 60)[-1]


def test_a_picture_follows_after_the_countdown(service, picture, frames):
    room = service.open("me", request(picture))
    answers = drive(room, frames[:1] * 60)
    moved = room.follow(frames[1], 9.0)

    assert answers[0].frame.phase == "searching"
    assert answers[-1].frame.phase == moved.frame.phase == "live"
    assert (moved.frame.picture != answers[-1].frame.picture).any()
    assert [answer.number for answer in answers] == list(range(1, 61))
    assert answers[0].rate == 0
    assert moved.rate > 0
    assert room.latest is moved


def test_a_pose_that_is_taken_is_the_one_to_begin_with(service, picture, frames):
    room = service.open("me", request(picture))
    first = start(room, frames[0]).frame.picture
    room.take_reference()
    for index in range(60):  # what is smoothed has settled
        shown = room.follow(frames[1], 5 + index * STEP)
        room.take_reference()
    shown = room.follow(frames[1], 9.0)
    assert np.abs(shown.frame.picture.astype(int) - first).max() <= 1


def test_pages_do_not_disturb_each_other(service, picture, frames):
    mine, yours = (service.open(who, request(picture)) for who in ("me", "you"))
    assert mine.ticket != yours.ticket
    first = start(mine, frames[0]).frame.picture
    mine.follow(frames[1], 5.0)
    assert np.array_equal(drive(yours, frames[:1])[0].frame.picture, first)


def test_the_same_request_has_the_same_room_and_another_one_a_new(service, picture):
    room = service.open("me", request(picture))
    assert service.open("me", request(picture)) is room
    other = service.open("me", request(picture, face="all"))
    assert other.ticket != room.ticket
    assert service.find(room.ticket) is None
    assert service.find(other.ticket) is other
    service.leave("me")
    assert service.find(other.ticket) is None


@pytest.mark.parametrize("ticket", ["", "0" * 32, "\u00e9", "x" * 10_000])
def test_a_ticket_cannot_be_guessed(service, picture, ticket):
    service.open("me", request(picture))
    assert service.find(ticket) is None
    assert service.find_view(ticket) is None


def test_rooms_are_bounded(animation, picture, monkeypatch):
    monkeypatch.setattr(live_service, "MOST_ROOMS", 2)
    service = LiveService(animation)
    first = service.open("a", request(picture))
    service.open("b", request(picture))
    service.open("c", request(picture))
    assert service.find(first.ticket) is None


def test_pictures_are_switched_without_a_stop(service, picture, tmp_path, frames):
    write_image(tmp_path / "grey.png", np.full((128, 128, 3), 99, np.uint8))
    room = service.open("me", request(picture, tmp_path / "grey.png"))
    start(room, frames[0])
    room.choose(1)
    shown = room.follow(frames[0], 9.0)
    assert shown.frame.phase == "live"
    assert (shown.frame.picture == 99).mean() > 0.9
    with pytest.raises(FommError, match="expected one of 2"):
        room.choose(2)


def test_options_change_and_are_checked(service, picture, frames):
    room = service.open("me", request(picture))
    start(room, frames[0])
    room.change(gain=2.0)
    room.change(mirror=True)
    assert (room._session.options.gain, room._session.options.mirror) == (2.0, True)
    with pytest.raises(FommError, match="gain: expected"):
        room.change(gain=99)


@pytest.mark.parametrize(
    ("pictures", "model", "told"),
    [
        (0, "avatar", "pictures: expected 1 to 9, found none; choose"),
        (10, "avatar", "pictures: expected 1 to 9, found 10; leave some out"),
        (1, "other", "expected a model of .*, found another"),
    ],
)
def test_what_cannot_be_is_refused(service, picture, pictures, model, told):
    wanted = LiveRequest((picture,) * pictures, model)
    with pytest.raises(FommError, match=told):
        service.open("me", wanted)


def test_a_picture_that_cannot_be_used_is_refused(service, tmp_path, frames):
    (tmp_path / "a.png").write_text("text")
    room = service.open("me", request(tmp_path / "a.png"))
    with pytest.raises(MediaError, match="not a picture"):
        room.follow(frames[0], 1.0)


def test_a_picture_that_is_damaged_is_refused_without_its_path(service, cut_picture, frames):
    room = service.open("me", request(cut_picture))
    with pytest.raises(MediaError, match=r"^the picture: expected a picture, found damaged"):
        room.follow(frames[0], 1.0)


def test_after_any_error_the_next_frame_goes_on(service, fake_model, picture, frames, monkeypatch):
    room = service.open("me", request(picture))
    before = start(room, frames[0]).frame.picture
    with monkeypatch.context() as patched:
        patched.setattr(fake_model.engine, "detect", failing)
        with pytest.raises(RuntimeError, match="a defect"):
            room.follow(frames[1], 5.0)

    assert np.array_equal(room.follow(frames[0], 5.04).frame.picture, before)


class TestCropping:
    """A picture of 320x240 with a face, and a camera with another."""

    SIDE = 40

    @pytest.fixture
    def photo(self, tmp_path):
        write_image(tmp_path / "photo.png", self.spot_at(180, 120))
        return tmp_path / "photo.png"

    def spot_at(self, left: int, top: int) -> np.ndarray:
        frame = np.full((240, 320, 3), 40, np.uint8)
        frame[top : top + self.SIDE, left : left + self.SIDE] = 255
        return frame

    def room(self, cropping, wanted):
        return LiveService(cropping).open("me", wanted)

    def test_the_found_face_is_cropped_to(self, cropping, fake_model, photo):
        shown = start(self.room(cropping, request(photo)), self.spot_at(100, 60)).frame
        square = Crop(160, 100, 80).cut(self.spot_at(180, 120), fake_model.frame_size)
        assert np.array_equal(shown.picture, square)

    def test_a_square_of_the_visitors_own(self, cropping, fake_model, photo):
        square = Crop(10, 20, 100)
        wanted = request(photo, square=square)
        shown = start(self.room(cropping, wanted), self.spot_at(100, 60)).frame
        cut = square.cut(self.spot_at(180, 120), fake_model.frame_size)
        assert np.array_equal(shown.picture, cut)

    def test_the_whole_picture_moves_where_it_is_wanted(self, cropping, photo):
        shown = start(self.room(cropping, request(photo, paste_back=None)), self.spot_at(100, 60))
        assert shown.frame.picture.shape == (240, 320, 3)

    def test_large_pictures_are_shown_at_720_lines(self, cropping, tmp_path):
        large = np.repeat(np.repeat(self.spot_at(180, 120), 5, 0), 5, 1)
        write_image(tmp_path / "large.png", large[:900, :300])
        small = replace(cropping, limits=replace(cropping.limits, pixels=10**6))
        room = self.room(small, request(tmp_path / "large.png", paste_back=True))
        assert room.follow(self.spot_at(100, 60), 1.0).frame.picture.shape == (720, 240, 3)

    def test_without_a_face_before_the_camera_it_waits(self, cropping, photo):
        shown = start(self.room(cropping, request(photo)), np.zeros((240, 320, 3), np.uint8))
        assert (shown.frame.phase, shown.frame.hints) == ("waiting", ("show your face",))

    def test_a_face_that_is_not_there_is_told(self, cropping, photo):
        room = self.room(cropping, request(photo, face=7))
        with pytest.raises(
            FaceError, match="expected a number from 1 to 1, counted from the left, found 7"
        ):
            room.follow(self.spot_at(100, 60), 1.0)


def failing(image):
    raise RuntimeError("a defect")
