"""A page with everything, in one file that asks nothing of the network."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from string import Template

import numpy as np

from fomm_core.image import ByteArray
from fomm_eval.comparison.compare import Evaluation
from fomm_eval.comparison.worst import WorstFrame
from fomm_eval.metrics import Metric, Summary
from fomm_eval.report.plots import distribution_plot
from fomm_eval.report.records import OVERALL, Row

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; color: #222; background: #fff; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; font-size: 0.9rem; }
th, td { padding: 0.2rem 0.8rem; text-align: left; border-bottom: 1px solid #ddd; }
td { white-space: nowrap; font-variant-numeric: tabular-nums; }
td:last-child { white-space: normal; }
.scroll { max-height: 28rem; overflow: auto; }
svg { max-width: 100%; height: auto; }
figure { display: inline-block; margin: 0 1rem 1rem 0; }
figcaption { font-size: 0.8rem; color: #555; }
img { max-width: 100%; image-rendering: auto; }
</style>
</head>
<body>
<h1>$title</h1>
$body
</body>
</html>
""")

_AMPLIFIED = 3


def render_page(title: str, body: Sequence[str]) -> str:
    """Put parts of HTML into a whole page.

    Args:
        title: plain text.
        body: elements, escaped already.
    """
    return _PAGE.substitute(title=escape(title), body="\n".join(body))


def evaluation_page(
    title: str, evaluation: Evaluation, rows: Sequence[Row], facts: Sequence[tuple[str, str]]
) -> str:
    """The page of an evaluation: figures, distributions, worst frames.

    Args:
        title: plain text.
        evaluation: what to show.
        rows: its figures.
        facts: names and values that are told first, plain text.
    """
    scores = evaluation.scores
    body = [facts_table(facts), "<h2>All clips</h2>", overall_table(rows)]
    body.append("<h2>Clips</h2>")
    body += [distribution_plot(scores, metric) for metric in scores.metrics]
    body += [
        "<p>Boxes: half of the frames of a clip, whiskers up to 1.5 times that range. The line "
        "is the mean over all clips, the band its 95&nbsp;% interval.</p>",
        clips_table(rows, scores.metrics),
        "<h2>Worst frames</h2>",
        f"<p>Real, generated, and their difference ({_AMPLIFIED} times).</p>",
        *(worst_figure(frame) for frame in evaluation.worst),
    ]
    return render_page(title, body)


def facts_table(facts: Sequence[tuple[str, str]]) -> str:
    """HTML table of names and values, plain text that is escaped."""
    cells = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts)
    return f"<table>{''.join(cells)}</table>"


def overall_table(rows: Sequence[Row]) -> str:
    """HTML table of the metrics of all clips together, a line for each metric."""
    titles = ("metric", "mean", "std", "95 % interval", "values", "what it is")
    lines = []
    for row in rows:
        if row.subject == OVERALL:
            what = f"{row.metric.description}; {row.metric.better} is better"
            lines.append((row.metric.title, *_figures(row.summary), what))
    return plain_table(titles, lines)


def clips_table(rows: Sequence[Row], metrics: Sequence[Metric]) -> str:
    """HTML table of the means of each clip, a column for each metric."""
    clips: dict[str, list[str]] = {}
    for row in rows:
        if row.subject != OVERALL:
            mean = "-" if row.summary is None else f"{row.summary.mean:.4f}"
            clips.setdefault(row.subject, [row.subject]).append(mean)
    table = plain_table(("clip", *(metric.title for metric in metrics)), list(clips.values()))
    return f'<div class="scroll">{table}</div>'


def plain_table(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table of plain text."""
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def worst_figure(frame: WorstFrame) -> str:
    """Real, generated and amplified difference side by side."""
    off = np.abs(np.subtract(frame.real, frame.generated, dtype=np.int16)) * _AMPLIFIED
    difference = np.minimum(off, 255).astype(np.uint8)
    caption = f"{frame.clip}, frame {frame.index}: {frame.metric.title} {frame.value:.4g}"
    return picture(np.hstack([frame.real, frame.generated, difference]), caption)


def picture(image: ByteArray, caption: str) -> str:
    """An image inside the page.

    Args:
        image: (H, W, 3) uint8.
        caption: plain text.
    """
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(image).save(data, "PNG")
    coded = base64.b64encode(data.getvalue()).decode()
    text = escape(caption)
    return (
        f'<figure><img alt="{text}" src="data:image/png;base64,{coded}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def _figures(summary: Summary | None) -> tuple[str, str, str, str]:
    if summary is None:
        return "-", "-", "-", "0"
    interval = f"{summary.low:.4f} .. {summary.high:.4f}"
    return f"{summary.mean:.4f}", f"{summary.std:.4f}", interval, str(summary.count)
