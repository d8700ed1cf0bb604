from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fomm_core.errors import ModelError
from fomm_train.cli.heads import command
from fomm_train.synthetic.heads.assets import HeadAssets, Part, load_assets, save_assets
from fomm_train.synthetic.heads.build.assemble import assemble
from fomm_train.synthetic.heads.build.facekit import read_facekit
from fomm_train.synthetic.heads.build.makehuman import read_makehuman
from fomm_train.synthetic.heads.model import HeadModel
from fomm_train.synthetic.heads.pose import NEUTRAL
from fomm_train.synthetic.heads.posing import neutral_head, pose_head

SAMPLE = Path(__file__).resolve().parents[7] / "shared" / "heads" / "raw-sample.tar.xz"
IDENTITIES = ("identity000", "identity001")
EXPRESSIONS = ("jawOpen", "eyeBlink_L", "eyeBlink_R")


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """Some original files, as a clone has them."""
    if not SAMPLE.is_file():
        pytest.skip("needs original files of ICT-FaceKit, which are not part of this repository")
    folder = tmp_path_factory.mktemp("clone")
    with tarfile.open(SAMPLE) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def built(clone, egl) -> HeadAssets:
    return assemble(read_facekit(clone, IDENTITIES, EXPRESSIONS))


@pytest.mark.once
def test_parts_and_marks_are_found(built):
    assert {Part(number) for number in np.unique(built.part)} == set(Part)
    assert built.keypoints.shape == (20,)
    assert list(built.keypoints[4:6]) == [-6, -7]
    skin = built.keypoints[built.keypoints >= 0]
    assert (built.part[skin] <= Part.HEAD).all()
    np.testing.assert_allclose(built.eye_centres[0] * (-1, 1, 1), built.eye_centres[1], atol=0.05)
    assert (built.vertices[built.rim, 1] < -13).all()
    assert len(built.rim) == 54


@pytest.mark.once
def test_inside_the_mouth_it_is_darker_than_on_the_forehead(built):
    forehead = built.occlusion[built.keypoints[16]]
    assert forehead > 0.8
    assert built.occlusion[built.part == Part.MOUTH_SOCKET].mean() < forehead - 0.2
    assert 0 <= built.occlusion.min() <= built.occlusion.max() <= 1


@pytest.mark.once
def test_blinks_bring_the_lids_together(built):
    model = HeadModel(built)
    neutral = model.shaped(())
    blink = NEUTRAL.with_weights(eyeBlink_L=1.0, eyeBlink_R=1.0)
    shut = model.expressed(neutral, blink.weights)
    for upper, lower in ((0, 1), (2, 3)):
        pair = built.keypoints[[upper, lower]]
        before, after = (np.ptp(vertices[pair, 1]) for vertices in (neutral, shut))
        assert after < 0.3 * before


@pytest.mark.once
@pytest.mark.parametrize("shape", [(0.0, 0.0), (2.0, -1.0), (-2.0, 2.0)])
def test_a_full_blink_shuts_eyes_of_any_shape(built, shape):
    model = HeadModel(built)
    head = neutral_head(model, shape)
    shut = NEUTRAL.with_weights(eyeBlink_L=1.0, eyeBlink_R=1.0)
    posed = pose_head(model, head, shut).vertices
    for upper, lower in (((43, 44), (46, 47)), ((37, 38), (40, 41))):
        places = built.landmarks[list(upper)], built.landmarks[list(lower)]
        open_, closed = (
            vertices[places[0], 1].mean() - vertices[places[1], 1].mean()
            for vertices in (head.vertices, posed)
        )
        assert open_ > 0.4
        assert abs(closed) < 0.1 * open_


@pytest.mark.once
def test_assets_survive_as_a_file(built, tmp_path):
    save_assets(tmp_path / "heads.npz", built)
    loaded = load_assets(tmp_path / "heads.npz")
    for name in ("part", "triangles", "split_triangles", "keypoints", "rim", "masks"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(built, name))
    np.testing.assert_allclose(loaded.identity_modes, built.identity_modes, atol=2e-3)
    assert loaded.expression_names == EXPRESSIONS


def test_an_incomplete_clone_is_an_error(tmp_path):
    result = CliRunner().invoke(command, ["--build", str(tmp_path)])
    assert isinstance(result.exception, ModelError)
    assert "expected a clone of ICT-FaceKit, found no such file; make it with: git clone" in str(
        result.exception
    )


def test_another_version_is_an_error(tmp_path):
    (tmp_path / "FaceXModel").mkdir()
    (tmp_path / "FaceXModel" / "generic_neutral_mesh.obj").write_text("v 0 0 0\n")
    with pytest.raises(ModelError, match="expected the file of the known version, found another"):
        read_facekit(tmp_path)


@pytest.mark.once
def test_a_missing_mode_is_an_error(clone):
    with pytest.raises(ModelError, match=r"mouthSmile_L\.obj: expected a mesh"):
        read_facekit(clone, ("identity000",), ("mouthSmile_L",))


def test_a_folder_without_makehuman_is_an_error(tmp_path):
    with pytest.raises(ModelError, match="expected clones of makehuman and makehuman-assets"):
        read_makehuman(tmp_path)
