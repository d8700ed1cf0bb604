"""The model avatar must not get worse than the figures on record (regression.json).

``benchmarks/record_figures.py`` writes them anew when another model is embedded.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from fomm_core.loading import load_model
from fomm_core.model.samples import DRAWN_DRIVING
from fomm_core.pipeline.options import AnimationOptions
from fomm_eval.comparison.compare import evaluate
from fomm_eval.data.clips import pair_clips
from fomm_eval.errors import EvaluationError
from fomm_eval.reconstruction.reconstruct import ReconstructionSettings, reconstruct_video
from fomm_eval.report.regression import find_worsened, read_record, record_of, write_record

RECORD = Path(__file__).with_name("regression.json")


@pytest.fixture(scope="module")
def reconstruction(tmp_path_factory):
    """The drawn sample as the smallest model reconstructs it: a folder of frames."""
    folder = tmp_path_factory.mktemp("regression")
    with load_model("avatar") as model:
        options = AnimationOptions(png=True, view="generated")
        settings = ReconstructionSettings(folder, options=options)
        reconstruct_video(model, DRAWN_DRIVING, settings)
    return settings.outputs(DRAWN_DRIVING.stem)[0]


def scores_of(folder):
    return evaluate(pair_clips(DRAWN_DRIVING, folder)).scores


def changed(folder, out, change):
    out.mkdir()
    for path in sorted(folder.iterdir()):
        Image.fromarray(np.asarray(change(Image.open(path)), np.uint8)).save(out / path.name)
    return out


def test_the_embedded_model_is_as_good_as_its_record(reconstruction):
    assert find_worsened(read_record(RECORD), scores_of(reconstruction)) == []


@pytest.mark.parametrize(
    ("change", "metrics"),
    [
        (lambda image: image.filter(ImageFilter.GaussianBlur(3)), {"SSIM"}),
        (lambda image: np.asarray(image) * 0.8, {"L1", "PSNR"}),
        (lambda image: np.roll(image, 6, axis=1), {"L1", "PSNR", "SSIM"}),
    ],
)
def test_what_is_worse_is_seen(reconstruction, tmp_path, change, metrics):
    worse = scores_of(changed(reconstruction, tmp_path / "worse", change))
    problems = find_worsened(read_record(RECORD), worse)
    assert metrics <= {problem.partition(":")[0] for problem in problems}, problems


def test_a_record_can_be_written_and_read(reconstruction, tmp_path):
    record = record_of(scores_of(reconstruction))
    write_record(tmp_path / "record.json", record)
    assert read_record(tmp_path / "record.json") == record
    (tmp_path / "record.json").write_text("[]")
    with pytest.raises(EvaluationError, match="figures on record"):
        read_record(tmp_path / "record.json")
