from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fomm_core.errors import MediaError
from fomm_core.face.crop import Crop, frame_face
from fomm_core.face.detector import FaceBox
from fomm_core.image import ByteArray, fit, read_image
from fomm_core.model.framing import VOXCELEB
from fomm_core.model.samples import SAMPLE_PICTURES
from fomm_train.cli.prepare import command
from fomm_train.data.prepare.boxes import Cut
from fomm_train.data.prepare.faces import EVERY, SHORTEST, find_cuts

SIZE = (120, 160)
FACE = 30


def white_box(picture: ByteArray) -> list[FaceBox]:
    """Take the white pixels for one face."""
    rows, columns = np.nonzero(picture.min(axis=2) > 200)
    if not len(rows):
        return []
    left, top = int(columns.min()), int(rows.min())
    return [FaceBox(left, top, columns.max() + 1 - left, rows.max() + 1 - top, 0.9)]


def frames(*places: tuple[int, int] | None, side: int = FACE) -> Iterator[ByteArray]:
    """Frames with a face at (left, top), or none."""
    for place in places:
        frame = np.zeros((*SIZE, 3), np.uint8)
        if place is not None:
            frame[place[1] : place[1] + side, place[0] : place[0] + side] = 255
        yield frame


def box_at(left: int, top: int) -> FaceBox:
    return FaceBox(left, top, FACE, FACE, 1.0)


def test_a_still_face_is_framed_as_in_voxceleb():
    crop = frame_face(box_at(60, 40), VOXCELEB).whole()
    left, top, side = int(crop.left), int(crop.top), int(crop.side)
    (cut,) = find_cuts(white_box, frames(*[(60, 40)] * 12))
    assert cut == Cut(0, 12, left, top, left + side, top + side)


@given(st.lists(st.tuples(st.integers(56, 66), st.integers(38, 46)), min_size=2, max_size=5))
@settings(max_examples=20, deadline=None)
def test_the_square_holds_the_framed_face_of_every_frame(places):
    shown = [place for place in places for _ in range(EVERY)]
    (cut,) = find_cuts(white_box, frames(*shown))
    assert cut.right - cut.left == cut.bottom - cut.top
    for place in places:
        crop = frame_face(box_at(*place), VOXCELEB)
        assert cut.left <= crop.left + 1
        assert cut.top <= crop.top + 1
        assert cut.right >= crop.left + crop.side - 1
        assert cut.bottom >= crop.top + crop.side - 1


@given(st.tuples(st.integers(0, 159 - FACE), st.integers(0, 119 - FACE)), st.integers(24, 90))
@settings(max_examples=20, deadline=None)
def test_the_square_lies_within_the_picture(place, side):
    (cut,) = find_cuts(white_box, frames(*[place] * SHORTEST, side=side))
    assert 0 <= cut.left < cut.right <= SIZE[1]
    assert 0 <= cut.top < cut.bottom <= SIZE[0]
    assert cut.right - cut.left == cut.bottom - cut.top


def test_a_face_elsewhere_begins_another_part():
    cuts = find_cuts(white_box, frames(*[(10, 10)] * 10, *[(90, 60)] * 15))
    assert [(cut.start, cut.end) for cut in cuts] == [(0, 6), (10, 25)]


def test_a_face_that_goes_slowly_ends_the_part_when_it_has_left_its_place():
    cuts = find_cuts(white_box, frames(*[(left, 40) for left in range(10, 120)]))
    assert len(cuts) > 1
    assert all(cut.right - cut.left < 2.5 * FACE for cut in cuts)
    assert all(first.end <= second.start for first, second in pairwise(cuts))


def test_where_the_face_is_missing_the_part_ends():
    cuts = find_cuts(white_box, frames(*[(60, 40)] * 10, *[None] * 5, *[(60, 40)] * 10))
    assert [(cut.start, cut.end) for cut in cuts] == [(0, 6), (15, 25)]


@pytest.mark.parametrize(
    "shown",
    [
        [],
        list(frames(*[None] * 20)),
        list(frames(*[(60, 40)] * (SHORTEST - 1))),
        list(frames(*[(60, 40)] * 20, side=20)),
    ],
    ids=["no frames", "no face", "too short", "too small"],
)
def test_without_a_face_there_is_no_part(shown):
    assert find_cuts(white_box, shown) == []


def prepare(*arguments: object, workers: int = 0) -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(command, [*words, f"--workers={workers}"])


def write_frames(folder: Path, crops: list[Crop | None]) -> None:
    """Write grey frames of 320x240, each with a portrait in a square."""
    portrait = read_image(next(iter(SAMPLE_PICTURES.values())))
    folder.mkdir(parents=True)
    for number, crop in enumerate(crops):
        frame = np.full((240, 320, 3), 128, np.uint8)
        if crop is not None:
            x, y, side = int(crop.left), int(crop.top), int(crop.side)
            frame[y : y + side, x : x + side] = fit(portrait, (side, side))
        Image.fromarray(frame).save(folder / f"{number:02d}.png")


@pytest.mark.parametrize("workers", [0, 1])
def test_clips_are_cut_to_the_face_and_others_skipped(tmp_path, caplog, workers):
    videos, out = tmp_path / "videos", tmp_path / "out"
    square = Crop(150, 60, 150)
    write_frames(videos / "person", [square] * 8)
    write_frames(videos / "wall", [None] * 8)
    arguments = (videos, out, "--size", "64", "--crop-faces")
    result = prepare(*arguments, workers=workers)
    assert result.output.splitlines()[-1] == f"{out}: 1 clips (1 new), 0 broken"
    told = [record.getMessage() for record in caplog.records]
    assert told == [f"{videos / 'wall'}: skipped: no face for {SHORTEST} frames"]
    assert [path.name for path in out.iterdir() if path.is_dir()] == ["person#0"]
    clip = sorted((out / "person#0").iterdir())
    assert len(clip) == 8
    frame = np.asarray(Image.open(clip[0]))
    expected = square.cut(read_image(videos / "person" / "00.png"), (64, 64))
    assert np.abs(frame.astype(int) - expected).mean() < 25  # the portrait, framed about alike
    assert "1 clips (0 new)" in prepare(*arguments).output


def test_no_face_in_any_video(tmp_path):
    write_frames(tmp_path / "videos" / "wall", [None] * 8)
    result = prepare(tmp_path / "videos", tmp_path / "out", "--crop-faces")
    assert isinstance(result.exception, MediaError)
    assert str(result.exception).endswith("expected videos that show a face, found none")
    assert not (tmp_path / "out").exists()


def test_a_broken_video_is_passed_over(tmp_path, caplog):
    videos, out = tmp_path / "videos", tmp_path / "out"
    write_frames(videos / "person", [Crop(150, 60, 150)] * 8)
    (videos / "broken.mp4").write_bytes(b"no video")
    result = prepare(videos, out, "--size", "64", "--crop-faces")
    assert "--keep-going goes on without it" in str(result.exception)
    result = prepare(videos, out, "--size", "64", "--crop-faces", "--keep-going")
    assert result.output.splitlines()[-1] == f"{out}: 1 clips (1 new), 1 broken"
    assert "broken.mp4" in caplog.text


def test_boxes_or_faces(tmp_path):
    result = prepare(tmp_path, tmp_path / "out", "--crop-faces", "--boxes", tmp_path / "b.csv")
    assert result.exit_code == 2
    assert "expected --crop-faces or --boxes, found both" in result.output
