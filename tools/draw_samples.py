"""Draw the drawn sample that comes with fomm-core, a picture and a clip with sound.

    uv run python tools/draw_samples.py

Equal programs give equal pixels; only the encoders' versions show in the clips. Everything
begins in the same pose, as relative motion wants it.
"""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from fomm_core.image import save_png
from fomm_core.model.samples import DRAWN_DRIVING, DRAWN_SOURCE
from fomm_core.video import AudioClip, VideoWriter
from fomm_train.synthetic.drawn.casting import draw_identity
from fomm_train.synthetic.drawn.identity import Identity
from fomm_train.synthetic.drawn.motion import FRAME_RATE, draw_motion
from fomm_train.synthetic.drawn.pose import CHANNELS, Pose
from fomm_train.synthetic.drawn.renderer import Renderer
from fomm_train.synthetic.draws import Split

Array = npt.NDArray[np.float64]

SIZE = 128
SEED = 2026
FIRST = Pose(smile=0.2)
PICTURE, CLIP = 41, 11
"""The identities of picture and clip."""

SAMPLE_RATE = 24000
_PITCH_HZ = 190.0


def talk() -> list[Pose]:
    """A motion like those of the training, with speech; 3 s."""
    first = np.array([getattr(FIRST, name) for name in CHANNELS])
    track = draw_motion(SEED, Split.TEST, 190, 75).track
    share = np.clip(np.arange(75) / 10, 0, 1)[:, None]
    return [Pose(*values) for values in (first + (track - first) * share).tolist()]


def babble(poses: list[Pose]) -> Array:
    """Vowels that follow the mouth, in [-1, 1].

    How open it is makes the loudness and the first formant, how wide the second one.
    """
    count = len(poses) * SAMPLE_RATE // FRAME_RATE
    time = np.arange(count) / SAMPLE_RATE
    frames = np.arange(len(poses)) / FRAME_RATE
    opened = np.interp(time, frames, [pose.mouth_open for pose in poses])
    width = np.interp(time, frames, [pose.mouth_width for pose in poses])
    pitch = _PITCH_HZ * (1 + 0.08 * np.sin(2.1 * time) + 0.1 * opened)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    formants = ((320 + 480 * opened, 110.0, 1.0), (1500 + 600 * width, 200.0, 0.5))
    sound = np.zeros(count)
    for harmonic in range(1, 16):
        for centre, spread, strength in formants:
            distance = (harmonic * pitch - centre) / spread
            sound += strength * np.exp(-0.5 * distance**2) * np.sin(harmonic * phase)
    sound *= 0.35 * np.clip(opened, 0, 1) / np.abs(sound).max()
    return sound


def save_sound(path: Path, sound: Array) -> None:
    """Encode a sound as AAC."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        samples = sound.astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])


def draw_clip(renderer: Renderer, path: Path, identity: Identity, poses: list[Pose]) -> None:
    """Paint a clip with its sound."""
    with tempfile.TemporaryDirectory() as folder:
        save_sound(Path(folder) / "sound.m4a", babble(poses))
        audio = AudioClip(Path(folder) / "sound.m4a")
        with VideoWriter(path, Fraction(FRAME_RATE), audio=audio) as writer:
            for pose in poses:
                writer.write(renderer.render(identity, pose))


def main() -> None:
    """Draw both to where the package has them."""
    renderer = Renderer(SIZE)
    save_png(DRAWN_SOURCE, renderer.render(draw_identity(SEED, Split.TEST, PICTURE), FIRST))
    draw_clip(renderer, DRAWN_DRIVING, draw_identity(SEED, Split.TEST, CLIP), talk())
    print(DRAWN_DRIVING)


if __name__ == "__main__":
    main()
