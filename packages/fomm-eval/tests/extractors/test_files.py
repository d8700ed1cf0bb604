from __future__ import annotations

import numpy as np
import pytest

from fomm_eval.data.clips import Clip
from fomm_eval.errors import ExtractorError
from fomm_eval.extractors import FrameView
from fomm_eval.extractors.files import StoredEmbeddings, StoredLandmarks

IMAGE = np.zeros((8, 8, 3), np.uint8)


@pytest.fixture
def look(tmp_path):
    def at(extractor, clip="a", index=0, side="real"):
        return extractor.observe(FrameView(Clip(clip, tmp_path / clip), side, index, IMAGE))

    return at


def put(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_npz_and_csv_hold_the_same(tmp_path, look):
    marks = np.array([[[1, 2], [3, 4]], [[np.nan, np.nan], [7, 8]]], np.float32)
    np.savez(tmp_path / "a.npz", a=marks)
    text = "clip,frame,x0,y0,x1,y1\na,0,1,2,3,4\na,1,,,7,8\n"
    extractor = StoredLandmarks(tmp_path / "a.npz", put(tmp_path / "b.csv", text))
    for index in range(2):
        for side in ("real", "generated"):
            found = look(extractor, index=index, side=side).landmarks
            assert np.array_equal(found, marks[index], equal_nan=True)
    assert extractor.name == "files: a.npz and b.csv"


def test_frames_without_landmarks(tmp_path, look):
    np.savez(tmp_path / "a.npz", a=np.full((1, 2, 2), np.nan))
    csv = put(tmp_path / "b.csv", "clip,frame,x,y\na,1,5,6\n")
    extractor = StoredLandmarks(tmp_path / "a.npz", csv)
    assert look(extractor).landmarks is None
    assert look(extractor, side="generated", index=0).landmarks is None
    assert look(extractor, side="generated", index=9).landmarks is None


def test_embeddings(tmp_path, look):
    np.savez(tmp_path / "a.npz", a=np.arange(6).reshape(2, 3))
    csv = put(tmp_path / "b.csv", "clip,frame,e0,e1,e2\na,0,0.5,1,-2e-3\n")
    extractor = StoredEmbeddings(tmp_path / "a.npz", csv)
    assert look(extractor, index=1).embedding.tolist() == [3, 4, 5]
    assert look(extractor, side="generated").embedding == pytest.approx([0.5, 1, -0.002])


def test_what_the_file_does_not_have_is_told(tmp_path, look):
    np.savez(tmp_path / "a.npz", a=np.zeros((2, 4, 2)))
    extractor = StoredLandmarks(tmp_path / "a.npz", tmp_path / "a.npz")
    with pytest.raises(ExtractorError, match=r"a.npz: expected the clip b"):
        look(extractor, "b")
    with pytest.raises(ExtractorError, match="a: expected frame 2, found 2 frames"):
        look(extractor, index=2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected titles"),
        ("clip,frame,x\na,0,1\n", "expected titles"),
        ("clip,frame,x,y\na,0,1\n", "line 2: expected 4 columns"),
        ("clip,frame,x,y\na,-1,1,2\n", "line 2: expected the number of a frame, found '-1'"),
        ("clip,frame,x,y\na,99999999,1,2\n", "expected the number of a frame"),
        ("clip,frame,x,y\na,0,one,2\n", "could not convert"),
        ("clip,frame,x,y\na,0,inf,2\n", "found infinity"),
        pytest.param("clip,frame,x,y\na,0,\0,2\n", "expected landmarks", id="NUL"),
        pytest.param(f"clip,frame,x,y\n{'a' * 200_000},0,1,2\n", "field larger", id="long"),
    ],
)
def test_bad_csv_is_told(tmp_path, text, reason):
    path = put(tmp_path / "a.csv", text)
    with pytest.raises(ExtractorError, match=f"a.csv.*{reason}"):
        StoredLandmarks(path, path)


def test_other_files_are_told(tmp_path):
    np.savez(tmp_path / "flat.npz", a=np.zeros((2, 4)))
    np.savez(tmp_path / "objects.npz", a=np.array([{}], dtype=object))
    put(tmp_path / "text.npz", "text")
    put(tmp_path / "a.pkl", "text")
    for name, reason in (
        ("flat.npz", r"expected \(T, N, 2\) landmarks, found \(2, 4\)"),
        ("objects.npz", "allow_pickle"),
        ("text.npz", "expected landmarks or embeddings"),
        ("a.pkl", "expected a file of .npz or .csv"),
        ("missing.csv", "No such file"),
    ):
        with pytest.raises(ExtractorError, match=reason):
            StoredLandmarks(tmp_path / name, tmp_path / name)
