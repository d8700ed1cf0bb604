"""The samples that come with the package: people rendered by a computer, and a drawn pair."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "assets" / "samples"

SAMPLE_PICTURES = {
    name: _FOLDER / f"{name}.jpg"
    for name in (
        "woman_headscarf",
        "man_fringe",
        "woman_grey_afro",
        "man_in_suit",
        "woman_pink_hair",
        "man_bald",
        "woman_glasses",
        "man_stubble",
        "man_woolly_hat",
    )
}
"""Rendered portraits by name, 512x512, nearly in the pose in which the clips begin."""

SAMPLE_CLIPS = {name: _FOLDER / f"{name}.mp4" for name in ("talking", "turning", "moods")}
"""Rendered driving clips by name, 256x256, about 5 s at 25 frames per second; ``talking`` has
sound."""

SAMPLE_SOURCE = SAMPLE_PICTURES["woman_headscarf"]
"""The portrait that is animated where none is named."""

SAMPLE_DRIVING = SAMPLE_CLIPS["talking"]
"""The clip that drives where none is named: another person speaks and moves her head."""

DRAWN_SOURCE = _FOLDER / "drawn" / "ada.png"
"""A drawn portrait, 128x128, such as the model ``avatar`` was trained on."""

DRAWN_DRIVING = _FOLDER / "drawn" / "talk.mp4"
"""A drawn driving clip, 128x128, 3 s at 25 frames per second, with sound."""


def sample_of(model: str) -> tuple[Path, Path]:
    """The picture and the clip that suit a model: drawn ones for ``avatar``, else rendered ones.

    Args:
        model: its name.
    """
    return (DRAWN_SOURCE, DRAWN_DRIVING) if model == "avatar" else (SAMPLE_SOURCE, SAMPLE_DRIVING)
