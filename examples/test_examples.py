"""Every example runs from beginning to end, in an empty folder."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fomm_core import SAMPLE_CLIPS, VideoReader

EXAMPLES = Path(__file__).parent


@pytest.mark.parametrize("name", ["animate", "look_inside", "train_tiny", "evaluate"])
def test_a_notebook_runs(name, tmp_path):
    subprocess.run([sys.executable, EXAMPLES / f"{name}.py"], cwd=tmp_path, check=True)


def test_frames_in_frames_out(tmp_path):
    frames = np.stack(list(VideoReader(SAMPLE_CLIPS["talking"], end=0.12)))
    done = subprocess.run(
        [sys.executable, EXAMPLES / "embed.py"],
        input=frames.tobytes(),
        stdout=subprocess.PIPE,
        check=True,
    )
    animated = np.frombuffer(done.stdout, np.uint8).reshape(frames.shape)
    assert animated.std() > 10
    assert (animated[0] != frames[0]).mean() > 0.5
