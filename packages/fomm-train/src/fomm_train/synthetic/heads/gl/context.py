"""The OpenGL context: a graphics card, or Mesa on the processor, without a display."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from fomm_core.errors import EngineError
from fomm_core.image import ByteArray
from fomm_train.synthetic.heads.gl.shaders import load_shader

_INSTALL = (
    "expected moderngl to render people, found none installed; "
    "install it with: pip install 'fomm-train[heads]'"
)
_NO_EGL = (
    "expected OpenGL 3.3 through EGL to render people, found none ({reason}); install a driver, "
    "or Mesa: apt install libegl1 libgl1-mesa-dri"
)
_NOISE_SIDE, _NOISE_SEED = 64, 5
_SOFTWARE = ("llvmpipe", "softpipe", "swrast")


@dataclass(frozen=True, eq=False)
class Graphics:
    """An open context.

    Attributes:
        context: moderngl's.
        name: of the renderer.
    """

    context: Any
    name: str

    @property
    def in_software(self) -> bool:
        """Whether the processor renders."""
        return self.name.startswith(_SOFTWARE)

    def program(self, vertex: str, fragment: str) -> Any:
        """Compile a program of two shaders of this package."""
        return self.context.program(
            vertex_shader=load_shader(vertex), fragment_shader=load_shader(fragment)
        )

    def noise(self) -> Any:
        """A texture of smooth noise in four channels, which repeats; the same everywhere."""
        texture = self.context.texture3d((_NOISE_SIDE,) * 3, 4, _noise().tobytes())
        texture.repeat_x = texture.repeat_y = texture.repeat_z = True
        texture.filter = (self.context.LINEAR, self.context.LINEAR)
        return texture


def open_graphics() -> Graphics:
    """Open a context without a display.

    Raises:
        EngineError: moderngl is not installed, or there is no EGL; the message says what to
            install.
    """
    try:
        import moderngl
    except ImportError as error:
        raise EngineError(_INSTALL) from error
    options: dict[str, Any] = {"backend": "egl"} if sys.platform.startswith("linux") else {}
    try:
        context = moderngl.create_context(standalone=True, require=330, **options)
    except Exception as first:  # noqa: BLE001 - moderngl raises plain exceptions
        # Distributions without development files have the libraries by their numbers only.
        names: dict[str, Any] = {"libgl": "libGL.so.1", "libegl": "libEGL.so.1"} if options else {}
        try:
            context = moderngl.create_context(standalone=True, require=330, **options, **names)
        except Exception as error:  # noqa: BLE001
            raise EngineError(_NO_EGL.format(reason=_one_line(error))) from first
    return Graphics(context, str(context.info["GL_RENDERER"]))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _noise() -> ByteArray:
    """Noise (64, 64, 64, 4) uint8, smooth and of equal spread."""
    random = np.random.default_rng(_NOISE_SEED).random((_NOISE_SIDE,) * 3 + (4,))
    smooth = gaussian_filter(random, (0.8, 0.8, 0.8, 0), mode="wrap")
    spread = (smooth - smooth.mean(axis=(0, 1, 2))) / smooth.std(axis=(0, 1, 2))
    noise: ByteArray = (np.clip(0.5 + spread * 0.2, 0, 1) * 255).astype(np.uint8)
    return noise
