"""Embed the library in another program: frames in, frames out.

    python examples/embed.py < frames.rgb > animated.rgb

Reads raw RGB frames of 256x256 from its input and writes one animated frame for each, as soon as it
is there; a real program would take them from its camera or its network instead. For example:

    ffmpeg -i talk.mp4 -vf scale=256:256 -f rawvideo -pix_fmt rgb24 - \\
        | python examples/embed.py > animated.rgb
"""

import sys
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

# --- the part to copy ---
from fomm_core import SAMPLE_PICTURES, Animator, FommError, load_model, read_image


def animate(source: np.ndarray, frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield a moving source (H, W, 3) uint8 for each frame (H, W, 3) uint8, of any sizes."""
    with load_model("face") as model:
        for frame in Animator(model, source, adapt_scale=True).run(frames):
            yield frame.prediction


# --- end ---


def read_frames(stream: BinaryIO, height: int = 256, width: int = 256) -> Iterator[np.ndarray]:
    """Yield raw RGB frames until the stream ends."""
    while len(data := stream.read(height * width * 3)) == height * width * 3:
        yield np.frombuffer(data, np.uint8).reshape(height, width, 3)


def main() -> int:
    """Animate what comes in; errors that are not ours are one line."""
    source = read_image(SAMPLE_PICTURES["woman_grey_afro"])
    try:
        for prediction in animate(source, read_frames(sys.stdin.buffer)):
            sys.stdout.buffer.write(prediction.tobytes())
    except FommError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
