"""An FFmpeg of its own (imageio-ffmpeg's) makes odd inputs and checks our outputs."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")

# A beep of 20 ms every half second, for two seconds.
BEEPS = r"aevalsrc=if(lt(mod(t\,0.5)\,0.02)\,sin(2*PI*1000*t)\,0):s=44100:d=2"


class Ffmpeg:
    """Runs the FFmpeg program; it shares no code with the library under test.

    Frame n of its clips is grey of level 16 + 4 n, so that frames can be told apart.
    """

    h264 = ("-c:v", "libx264", "-crf", "4", "-pix_fmt", "yuv420p", "-movflags", "+faststart")

    def __init__(self):
        self.program = imageio_ffmpeg.get_ffmpeg_exe()

    def run(self, *args, stdin=None):
        command = [self.program, "-hide_banner", "-loglevel", "error", "-y", *map(str, args)]
        done = subprocess.run(command, input=stdin or b"", capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def clip(self, path, *args, frames=50, rate="25", size=(64, 48), sound=(), delay=0.0):
        """Make a clip, with two seconds of beeps if ``sound`` gives options for its codec."""
        raw = b"".join(bytes([16 + 4 * n]) * (size[0] * size[1]) for n in range(frames))
        source = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{size[0]}x{size[1]}", "-r", rate]
        beeps = ["-itsoffset", delay, "-f", "lavfi", "-i", BEEPS] if sound else []
        self.run(*source, "-i", "-", *beeps, *args, *sound, path, stdin=raw)
        return Path(path)

    def copy(self, source, target, *args, before=()):
        self.run(*before, "-i", source, "-c", "copy", *args, target)
        return Path(target)

    def decode(self, path, size):
        """Decode to (N, H, W, 3) uint8; ``size`` is (width, height)."""
        raw = self.run(
            *("-i", path, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
        )
        return np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0], 3)

    def sound(self, path):
        """Decode the sound to mono samples at 48 kHz, from time zero of the file."""
        clock = ("-af", "aresample=async=1:first_pts=0")
        raw = self.run("-i", path, "-vn", "-ac", "1", "-ar", "48000", *clock, "-f", "s16le", "-")
        return np.frombuffer(raw, np.int16).astype(np.float64)

    def describe(self, path):
        """Return what FFmpeg prints about a file."""
        done = subprocess.run([self.program, "-hide_banner", "-i", path], capture_output=True)
        return done.stderr.decode()

    @staticmethod
    def numbers(frames):
        """Recover the frame numbers of a clip from its grey levels.

        Conversions from YUV truncate, which darkens by half a level on average.
        """
        return [round((float(frame.mean()) - 15.5) / 4) for frame in frames]

    @staticmethod
    def beeps(samples):
        """Return the times, in seconds, at which beeps begin."""
        loud = np.flatnonzero(np.abs(samples) > 3000) / 48000
        before = np.concatenate([[-1.0], loud[:-1]])
        return loud[loud - before > 0.2].tolist()


@pytest.fixture(scope="session")
def ffmpeg():
    return Ffmpeg()


@pytest.fixture(scope="session")
def clip(ffmpeg, tmp_path_factory):
    """A plain clip: 64 x 48, 50 frames at 25 per second, H.264, with beeps."""
    path = tmp_path_factory.mktemp("clip") / "plain.mp4"
    return ffmpeg.clip(path, *ffmpeg.h264, sound=("-c:a", "aac"))


@pytest.fixture
def frames():
    """Thirty 48 x 64 frames with structure and motion."""
    y, x = np.mgrid[:48, :64]
    planes = [((x * 3 + n * 2) % 256, (y * 5) % 256, (x + y + n) % 256) for n in range(30)]
    return [np.stack(plane, axis=-1).astype(np.uint8) for plane in planes]


@pytest.fixture
def write_then_raise():
    """Write frames to a sink and leave its block by an error."""

    def write(sink, frames, error):
        with sink:
            for frame in frames:
                sink.write(frame)
            raise error

    return write
