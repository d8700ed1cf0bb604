"""``fomm heads``: a data set of people rendered from a statistical model of heads."""

from __future__ import annotations

from pathlib import Path

import click

from fomm_train.cli.dataset_options import DatasetDefaults, DatasetOptions, dataset_options


def _check_picture(
    _context: click.Context, _parameter: click.Parameter, path: Path | None
) -> Path | None:
    """Refuse a picture under another name than that of one, before anything is drawn."""
    if path is not None and path.suffix.lower() != ".png":
        raise click.UsageError(f"--sheet: expected a file .png, found {path}")
    return path


@click.command(name="heads")
@dataset_options(
    DatasetDefaults(
        people="people", identities=48, motions=4, size=256, smallest=32, is_out_required=False
    )
)
@click.option(
    "--supersampling",
    default=1,
    show_default=True,
    type=click.IntRange(1, 2),
    help="Render frames so many times as large, and average.",
)
@click.option(
    "--assets",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of the head model, instead of the one that --build keeps in the cache folder.",
)
@click.option(
    "--sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_check_picture,
    metavar="FILE",
    help="Write a picture of some people in some poses instead (.png).",
)
@click.option(
    "--build",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="FACEKIT",
    help="Build the head model from a clone of ICT-FaceKit instead; once is enough.",
)
@click.option(
    "--makehuman",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="With --build: folder with clones of makehuman and makehuman-assets, for more hair.",
)
@click.pass_context
def command(
    context: click.Context,
    options: DatasetOptions,
    supersampling: int,
    assets: Path | None,
    sheet: Path | None,
    build: Path | None,
    makehuman: Path | None,
) -> None:
    """Write a data set of rendered people, with true keypoints and label maps.

    OUT gets train/ and test/ with a clip for each person and motion, <person>#<motion>, and
    truth/ with the keypoints, jacobians, label maps and poses of every frame (.npz). People of a
    group share their motions: 00000#003 and 00001#003 move alike. Clips that are complete are
    left alone, so that an interrupted run goes on where it was.

    With --benchmark, OUT gets cases in which one person is to move like another, with the true
    answers, for fomm evaluate --heads OUT. Its people and motions are in no data set.

    The head model is built once from ICT-FaceKit (MIT licence), which you clone yourself; hair
    and a hat of MakeHuman (CC0) may be added. What is trained on it carries ICT-FaceKit's notice.

    \b
    Examples:
      git clone https://github.com/ICT-VGL/ICT-FaceKit
      fomm heads --build ICT-FaceKit
      fomm heads --sheet people.png
      fomm heads --out data/heads --identities 96 --motions 8
      fomm heads --out benchmark --benchmark 16
    """  # noqa: D301 - click reads the backspace itself
    from fomm_core.cli.main import is_quiet

    quiet = is_quiet(context.obj)
    _check_task(options.out, sheet, build, makehuman)
    if build is not None:
        _build(build, makehuman, assets, quiet)
    elif sheet is not None:
        _draw_sheet(sheet, options, supersampling, assets, quiet)
    elif options.out is not None:
        _write(options, options.out, supersampling, assets, quiet)


def _check_task(
    out: Path | None, sheet: Path | None, build: Path | None, makehuman: Path | None
) -> None:
    """Raise where not exactly one task is asked for, or what belongs to another one."""
    if build is not None:
        if out is not None or sheet is not None:
            raise click.UsageError("--build: expected neither --out nor --sheet, found one")
        return
    if makehuman is not None:
        raise click.UsageError("--makehuman: expected with --build")
    if sheet is not None and out is not None:
        raise click.UsageError("expected either --sheet or --out, found both")
    if sheet is None and out is None:
        raise click.UsageError("expected --out, --sheet or --build, found none of them")


def _draw_sheet(
    sheet: Path, options: DatasetOptions, supersampling: int, assets: Path | None, quiet: bool
) -> None:
    """Draw some people in some poses."""
    from fomm_train.cli.synthetic import write_sheet
    from fomm_train.synthetic.heads.world import RenderedWorld

    world = RenderedWorld(options.size, supersampling, 1, assets)
    write_sheet(sheet, world, options.seed, quiet)


def _write(
    options: DatasetOptions, out: Path, supersampling: int, assets: Path | None, quiet: bool
) -> None:
    """Write the data set or the benchmark."""
    from fomm_train.cli.synthetic import write_people
    from fomm_train.config import HeadParams
    from fomm_train.synthetic.heads.world import RenderedWorld

    # Both people of a case, or the one of a clip.
    keep = 2 if options.benchmark else 1
    world = RenderedWorld(options.size, supersampling, keep, assets).open()
    params = HeadParams(supersampling=2 if supersampling == 2 else 1)
    write_people(options, out, world, params, quiet)


def _build(facekit: Path, makehuman: Path | None, assets: Path | None, quiet: bool) -> None:
    """Build the head model, with a progress bar, and keep it."""
    from tqdm import tqdm

    from fomm_core.cli.signals import ended_like_interrupted
    from fomm_train.synthetic.heads.assets import assets_path, save_assets
    from fomm_train.synthetic.heads.build import FILES, build_assets

    out = assets or assets_path()
    with ended_like_interrupted():
        with tqdm(total=FILES, unit=" files", disable=quiet or None) as bar:
            built = build_assets(facekit, makehuman, bar.update)
        save_assets(out, built)
    click.echo(f"{out}: a head model with {len(built.hair_meshes)} meshes of hair")
