"""Draw the sample pictures and driving clips that come with fomm-core, sound included.

    uv run python tools/draw_samples.py

Equal programs give equal pixels; only the encoders' versions show in the clips. Everything
begins in the same pose, as relative motion wants it.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from fomm_core.image import save_png
from fomm_core.model.samples import SAMPLE_CLIPS, SAMPLE_PICTURES
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
PICTURES = {
    "ada": 41,
    "kim": 40,
    "leo": 46,
    "max": 48,
    "nia": 49,
    "red": 57,
    "sam": 59,
    "zoe": 22,
}
"""The identities by the names of the pictures."""

SAMPLE_RATE = 24000
_PITCH_HZ = 190.0


def talk() -> list[Pose]:
    """A motion like those of the training, with speech; 3 s."""
    first = np.array([getattr(FIRST, name) for name in CHANNELS])
    track = draw_motion(SEED, Split.TEST, 190, 75).track
    share = np.clip(np.arange(75) / 10, 0, 1)[:, None]
    return [Pose(*values) for values in (first + (track - first) * share).tolist()]


def turn() -> list[Pose]:
    """Look to both sides, nod and tilt; 3 s."""
    return [
        Pose(
            yaw=0.62 * math.sin(t),
            pitch=0.24 * math.sin(2 * t) * math.sin(t / 2),
            roll=0.2 * math.sin(t) * math.sin(t / 2),
            x=0.05 * math.sin(t),
            smile=0.2,
            blink_left=blink,
            blink_right=blink,
        )
        for t, blink in zip(
            np.linspace(0, 2 * math.pi, 75, endpoint=False), _blinks(75, (20, 56)), strict=True
        )
    ]


def moods() -> list[Pose]:
    """Blink, be astonished, wink, laugh; the head hardly moves; 4 s."""
    time = np.arange(100.0)
    wonder, wink, laugh = _bell(time, 32, 26), _bell(time, 58, 12), _bell(time, 80, 32)
    blinks = _blinks(100, (8,))
    return [
        Pose(
            yaw=0.06 * math.sin(t / 16),
            pitch=-0.07 * wonder[i],
            roll=0.1 * laugh[i],
            smile=0.2 + 0.7 * laugh[i] - 0.3 * wonder[i] + 0.3 * wink[i],
            mouth_open=min(1.0, 0.8 * wonder[i] + 0.75 * laugh[i]),
            mouth_width=0.5 * laugh[i] - 0.4 * wonder[i],
            brow=0.9 * wonder[i],
            blink_left=blinks[i],
            blink_right=max(blinks[i], wink[i]),
        )
        for i, t in enumerate(time)
    ]


CLIPS: dict[str, tuple[int, Callable[[], list[Pose]]]] = {
    "talk": (11, talk),
    "turn": (24, turn),
    "moods": (52, moods),
}
"""Identity and motion by the names of the clips; the first one is heard too."""


def _bell(time: Array, middle: float, length: float) -> Array:
    """Up to 1 for a while and down again."""
    bell: Array = np.cos(np.pi * np.clip((time - middle) / length, -0.5, 0.5))
    return np.clip(1.6 * bell, 0, 1)


def _blinks(frames: int, starts: tuple[int, ...]) -> Array:
    course = np.zeros(frames)
    for start in starts:
        course[start : start + 5] = (0.5, 0.95, 1.0, 0.7, 0.25)
    return course


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


def draw_clip(
    renderer: Renderer, path: Path, identity: Identity, poses: list[Pose], audible: bool
) -> None:
    """Paint a clip."""
    with tempfile.TemporaryDirectory() as folder:
        audio = None
        if audible:
            save_sound(Path(folder) / "sound.m4a", babble(poses))
            audio = AudioClip(Path(folder) / "sound.m4a")
        with VideoWriter(path, Fraction(FRAME_RATE), audio=audio) as writer:
            for pose in poses:
                writer.write(renderer.render(identity, pose))


def main() -> None:
    """Draw everything to where the package has it."""
    renderer = Renderer(SIZE)
    for name, path in SAMPLE_PICTURES.items():
        save_png(path, renderer.render(draw_identity(SEED, Split.TEST, PICTURES[name]), FIRST))
    for name, path in SAMPLE_CLIPS.items():
        number, motion = CLIPS[name]
        identity = draw_identity(SEED, Split.TEST, number)
        draw_clip(renderer, path, identity, motion(), audible=name == "talk")
        print(path)


if __name__ == "__main__":
    main()
