"""Put the figures of the embedded model on record, for the test that guards them.

    uv run python packages/fomm-eval/benchmarks/record_guard.py

Run it after the embedded model was replaced by a better one, and commit what it writes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from fomm_core.model import load_model
from fomm_core.sample import SAMPLE_DRIVING
from fomm_eval.clips import pair_clips
from fomm_eval.comparison import evaluate
from fomm_eval.guard import record_of, write_record
from fomm_eval.reconstruct import ReconstructionSettings, reconstruct_video

RECORD = Path(__file__).parents[1] / "tests" / "guard.json"


def main() -> None:
    """Reconstruct the embedded sample and write its figures."""
    with tempfile.TemporaryDirectory() as folder, load_model("avatar") as model:
        settings = ReconstructionSettings(Path(folder), png=True, view="generated")
        reconstruct_video(model, SAMPLE_DRIVING, settings)
        pairs = pair_clips(SAMPLE_DRIVING, settings.outputs(SAMPLE_DRIVING.stem)[0])
        record = record_of(evaluate(pairs).scores)
    write_record(RECORD, record)
    for name, found in record.items():
        sys.stdout.write(f"{name}: {found.mean:.4f} [{found.low:.4f}, {found.high:.4f}]\n")


if __name__ == "__main__":
    main()
