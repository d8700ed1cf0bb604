"""Small pieces of the page as HTML: pictures inside the text, progress, panels, the card.

Pictures travel inside the HTML, so that a preview of a thousand frames leaves no file:
``gr.Image`` and ``gr.Gallery`` write each picture that they show to the server's disk, and the
browser fetches it in a second request.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO

from fomm_core.animator import Frame
from fomm_core.model.listing import ModelInfo
from fomm_demo.services.jobs import Snapshot

_STAGES = {
    "loading": "Getting ready",
    "finding": "Finding the face",
    "searching": "Looking through the video",
    "animating": "Animating",
}


@dataclass(frozen=True, eq=False)
class Panel:
    """A captioned picture.

    Attributes:
        caption: what stands below it.
        picture: (H, W, 3) uint8.
    """

    caption: str
    picture: Frame


def image_tag(picture: Frame, description: str, lossless: bool = False) -> str:
    """An image with its pixels inside."""
    from PIL import Image

    buffer = BytesIO()
    kind = "PNG" if lossless else "JPEG"
    Image.fromarray(picture).save(buffer, kind, quality=88)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    source = f"data:image/{kind.lower()};base64,{data}"
    return f'<img decoding="sync" alt="{escape(description)}" src="{source}">'


def preview(snapshot: Snapshot) -> str:
    """The newest frame, or a place for it."""
    if snapshot.frame is None:
        return splash_note("The first frame will appear here in a moment.")
    return f'<div class="fd-screen">{image_tag(snapshot.frame, "newest frame")}</div>'


def splash_note(text: str) -> str:
    """An empty screen with a sentence on it."""
    return f'<div class="fd-screen"><p>{escape(text)}</p></div>'


def progress(snapshot: Snapshot) -> str:
    """Progress of a job: a bar, and figures below it."""
    share = _share(snapshot)
    width = "" if share is None else f' value="{share:.4f}"'
    words = _STAGES[snapshot.stage]
    return (
        f'<div class="fd-progress" role="status"><progress max="1"{width} '
        f'aria-label="{words}"></progress>'
        f"<p><strong>{words}</strong>{_figures(snapshot)}</p></div>"
    )


def is_progress(html: str) -> bool:
    """Whether something is what :func:`progress` made."""
    return "<progress " in html


def _share(snapshot: Snapshot) -> float | None:
    if snapshot.stage == "loading" or not snapshot.total:
        return None
    return min(1.0, snapshot.done / snapshot.total)


def _figures(snapshot: Snapshot) -> str:
    if snapshot.stage == "loading" or not snapshot.done:
        return ""
    total = f" of {max(snapshot.done, snapshot.total)}" if snapshot.total else ""
    parts = [f"frame {snapshot.done}{total}"]
    if snapshot.rate:
        parts.append(f"{snapshot.rate:.1f} frames/s")
    if snapshot.seconds_left is not None:
        parts.append(f"{duration(snapshot.seconds_left)} left")
    return "".join(f"<span>{part}</span>" for part in parts)


def duration(seconds: float) -> str:
    """A duration in words as short as they can be."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def note(text: str, kind: str = "plain") -> str:
    """One line below the preview; ``kind`` is ``"plain"`` or ``"done"``."""
    return f'<div class="fd-progress fd-{kind}" role="status"><p>{escape(text)}</p></div>'


def panels(items: Sequence[Panel], small: bool = False) -> str:
    """Captioned pictures side by side, as many as fit."""
    size = " fd-small" if small else ""
    figures = "".join(
        f"<figure>{image_tag(item.picture, item.caption, lossless=True)}"
        f"<figcaption>{escape(item.caption)}</figcaption></figure>"
        for item in items
    )
    return f'<div class="fd-panels{size}">{figures}</div>'


def card_text(card: ModelInfo, size: tuple[int, int] | None = None) -> str:
    """Description of a model, with its licence and figures."""
    rows = [
        ("Animates", card.description),
        ("Made by", card.provenance),
        ("Licence", card.licence),
        (
            "Figures",
            ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in card.metrics),
        ),
    ]
    if size is not None:
        rows.insert(1, ("Picture size", f"{size[1]} x {size[0]} pixels"))
    cells = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in rows if text)
    return f'<dl class="fd-card">{cells}</dl>'
