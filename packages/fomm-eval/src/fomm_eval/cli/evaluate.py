"""``fomm evaluate``: how far generated clips are from real ones."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fomm_core.cli.options import engine_of, engine_options, model_options, path_option
from fomm_core.errors import FommError
from fomm_core.pipeline.options import choices_of
from fomm_eval.samples import HEADS

if TYPE_CHECKING:
    from fomm_core.cli.main import GlobalOptions
    from fomm_core.loading import Model
    from fomm_eval.comparison.compare import Evaluation

LANDMARKS = ("auto", "dlib", "face-alignment", "avatars", "files", "none")
IDENTITIES = ("auto", "dlib", "files", "none")

_SUITABLE = {"avatars": "avatar", "heads": "face"}
"""Models that are measured where none is named, by the benchmark's kind."""


@click.command(name="evaluate")
@path_option("--real", help_text="Real videos: a folder of them, or one video or frame folder.")
@path_option(
    "--generated",
    help_text="Generated ones of the same names: videos, frame folders, or strips of "
    "`fomm reconstruct --eval`.",
)
@path_option(
    "--avatars",
    help_text="Instead: measure a model on this cross-identity benchmark of avatars.",
)
@path_option(
    "--heads",
    is_flag=False,
    flag_value=HEADS,
    help_text="Instead: measure a model on this cross-identity benchmark of rendered people "
    "[without a folder: on a small one that comes with the package].",
)
@click.option(
    "--landmarks",
    type=click.Choice(LANDMARKS),
    default="auto",
    show_default=True,
    help="What finds landmarks, for AKD and MKR.",
)
@click.option(
    "--identity",
    type=click.Choice(IDENTITIES),
    default="auto",
    show_default=True,
    help="What finds identities, for AED.",
)
@path_option("--real-landmarks", help_text="Landmarks of the real clips (.npz, .csv).")
@path_option("--generated-landmarks", help_text="Landmarks of the generated clips (.npz, .csv).")
@path_option("--real-embeddings", help_text="Embeddings of the real clips (.npz, .csv).")
@path_option("--generated-embeddings", help_text="Embeddings of the generated clips (.npz, .csv).")
@click.option(
    "--fit",
    type=click.Choice(choices_of("fit")),
    help="Bring real frames to the size of the generated ones [default: sizes must be equal].",
)
@click.option("--common", is_flag=True, help="Leave out clips that only one side has.")
@path_option(
    "--out-dir",
    "-o",
    default=Path("result"),
    show_default=True,
    help_text="Folder of all results; these go into its folder evaluation.",
)
@click.option(
    "--motion",
    type=click.Choice(["relative", "absolute"]),
    default="relative",
    show_default=True,
    help="With --avatars or --heads: how driving keypoints are transferred.",
)
@model_options
@engine_options
@click.pass_obj
def command(program: GlobalOptions | None, /, **options: Any) -> None:
    """Compare generated videos with real ones: L1, PSNR, SSIM, AKD, MKR and AED.

    Each metric is given with standard deviation and 95 % bootstrap interval, of each clip and
    of all. The figures are printed and written to <out-dir>/evaluation: evaluation.json,
    evaluation.csv, frames.csv, and report.html with plots and the worst frames.

    Landmarks and identities (auto): the true keypoints where --real lies in a data set of
    avatars, else dlib where it is installed, else none. Figures of different extractors do not
    compare; published AKD is of face-alignment, published AED of OpenFace.

    With --avatars or --heads, the model (--model or --config, else avatar or face) animates
    drawn avatars or rendered people with the motion of others, and is compared with the true
    answers and with copying source or driving frames. Errors of figure, eyes and mouth are
    relative to leaving the source as it is. The files are named avatars or heads (.json, .csv,
    .html).

    \b
    Examples:
      fomm evaluate --real data/test --generated result/avatar/reconstruction/png
      fomm evaluate --real real.mp4 --generated generated.mp4 --landmarks dlib
      fomm evaluate --real data/test --generated frames --landmarks files \\
                    --real-landmarks a.npz --generated-landmarks b.npz
      fomm evaluate --heads
      fomm evaluate --avatars data/benchmark --model avatar
    """  # noqa: D301 - click reads the backspace itself
    from fomm_core.cli.main import is_quiet

    quiet = is_quiet(program)
    kinds = [kind for kind in ("avatars", "heads") if options[kind] is not None]
    if kinds:
        _evaluate_benchmark(kinds, options, quiet)
        return
    if options["real"] is None or options["generated"] is None:
        raise FommError("expected --real and --generated (or --avatars or --heads), found not both")
    _evaluate_clips(options, quiet)


def _evaluate_clips(options: dict[str, Any], quiet: bool) -> None:
    from fomm_eval.report.files import write_evaluation
    from fomm_eval.report.records import rows_of
    from fomm_eval.report.table import format_clips, format_overall

    evaluation = _compare(options, quiet)
    rows = rows_of(evaluation.scores)
    folder = options["out_dir"] / "evaluation"
    write_evaluation(folder, evaluation, rows, options["real"], options["generated"])
    click.echo(format_clips(rows) + "\n")
    click.echo(format_overall(rows))
    for what, name in (("landmarks", evaluation.landmarks), ("identity", evaluation.identity)):
        if name is not None:
            click.echo(f"{what}: {name}")
    click.echo(f"report: {folder / 'report.html'}", err=True)


def _compare(options: dict[str, Any], quiet: bool) -> Evaluation:
    """Compare with a progress bar."""
    from fomm_core.cli.signals import ended_like_interrupted
    from fomm_eval.cli.progress import video_bar
    from fomm_eval.comparison.compare import evaluate
    from fomm_eval.data.clips import pair_clips
    from fomm_eval.extractors.choice import ExtractorOptions, choose_extractors

    pairs = pair_clips(options["real"], options["generated"], common=options["common"])
    with ExitStack() as stack:
        chosen = ExtractorOptions(
            landmarks=options["landmarks"],
            identity=options["identity"],
            landmark_files=_both(options, "landmarks"),
            embedding_files=_both(options, "embeddings"),
        )
        extractors = choose_extractors(
            chosen, pairs[0].real, lambda: stack.enter_context(_started_model(options, "avatar"))
        )
        bar = stack.enter_context(video_bar(len(pairs), quiet))
        stack.enter_context(ended_like_interrupted())
        return evaluate(pairs, extractors, fit_real=options["fit"], on_progress=bar.frame)


def _both(options: dict[str, Any], what: str) -> tuple[Path, Path] | None:
    """The files of both sides, or ``None`` for neither.

    Raises:
        FommError: only one is named.
    """
    real, generated = options[f"real_{what}"], options[f"generated_{what}"]
    if (real is None) != (generated is None):
        raise FommError(f"expected --real-{what} and --generated-{what} together, found one")
    return None if real is None else (real, generated)


def _started_model(options: dict[str, Any], default: str) -> Model:
    """Start the model that the options name, or else the one of the default's name."""
    from fomm_core.loading import start_model
    from fomm_core.model.finding import find_model

    named = options["model"] is not None or options["config"] is not None
    model = options["model"] if named else default
    files = find_model(model, options["config"], options["params"])
    return start_model(files, engine_of(options))


def _evaluate_benchmark(kinds: Sequence[str], options: dict[str, Any], quiet: bool) -> None:
    """Measure a model on a benchmark of one kind, after which its files are named."""
    from fomm_core.benchmark_format import open_benchmark
    from fomm_core.cli.signals import ended_like_interrupted
    from fomm_eval.benchmark.measure import measure
    from fomm_eval.cli.progress import video_bar
    from fomm_eval.report.benchmark import format_result, write_result

    kind, *others = kinds
    if others:
        raise FommError("expected either --avatars or --heads, found both")
    if options["real"] is not None or options["generated"] is not None:
        raise FommError(f"expected either --{kind}, or --real and --generated, found both")
    benchmark = open_benchmark(options[kind])
    with (
        _started_model(options, _SUITABLE[kind]) as model,
        video_bar(len(benchmark.cases), quiet) as bar,
        ended_like_interrupted(),
    ):
        result = measure(model, benchmark, motion=options["motion"], on_progress=bar.frame)
    folder = options["out_dir"] / "evaluation"
    write_result(folder, result, kind)
    click.echo(format_result(result))
    click.echo(f"report: {folder / f'{kind}.html'}", err=True)
