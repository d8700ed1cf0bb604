"""``fomm avatars``: a data set of portraits drawn by code."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="avatars")
@click.option(
    "--out",
    "-o",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the data set.",
)
@click.option(
    "--identities",
    default=100,
    show_default=True,
    type=click.IntRange(min=1),
    help="Number of avatars, those for testing included.",
)
@click.option(
    "--motions",
    default=16,
    show_default=True,
    type=click.IntRange(min=1),
    help="Videos of each avatar.",
)
@click.option(
    "--frames",
    default=64,
    show_default=True,
    type=click.IntRange(min=2),
    help="Frames of each video, at 25 a second.",
)
@click.option(
    "--group",
    default=8,
    show_default=True,
    type=click.IntRange(min=1),
    help="Avatars that share their motions.",
)
@click.option(
    "--size",
    default=128,
    show_default=True,
    type=click.IntRange(16, 1024),
    help="Height and width of the frames.",
)
@click.option(
    "--format",
    "form",
    default="mp4",
    show_default=True,
    type=click.Choice(["mp4", "png"]),
    help="Videos, or folders of lossless frames.",
)
@click.option(
    "--test-share",
    default=0.1,
    show_default=True,
    type=click.FloatRange(0, 1, max_open=True),
    help="Share of the avatars in test/: others, with other motions, than in train/.",
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Equal seeds give equal pixels.",
)
@click.option(
    "--benchmark",
    type=click.IntRange(min=1),
    metavar="CASES",
    help="Write a cross-identity benchmark of so many cases instead, with --size and --seed.",
)
@click.option(
    "--swapped",
    is_flag=True,
    help="With --benchmark: the two avatars of each case in each other's place.",
)
@click.pass_context
def command(
    context: click.Context,
    out: Path,
    identities: int,
    motions: int,
    frames: int,
    group: int,
    size: int,
    form: str,
    test_share: float,
    seed: int,
    benchmark: int | None,
    swapped: bool,
) -> None:
    """Write a data set of avatars: portraits drawn by code, with true keypoints.

    OUT gets train/ and test/ with a clip for each avatar and motion, <avatar>#<motion>, and
    truth/ with the keypoints, jacobians and poses of every frame (.npz). Avatars of a group
    share their motions: 00000#003 and 00001#003 move alike. Clips that are complete are left
    alone, so that an interrupted run goes on where it was.

    With --benchmark, OUT gets cases in which one avatar is to move like another, with the true
    answers, for fomm evaluate --avatars OUT. Its avatars and motions are in no data set.

    \b
    Examples:
      fomm avatars --out data/avatars --identities 200
      fomm avatars --out data/small --identities 20 --motions 4 --frames 32 --size 64
      fomm avatars --out data/frames --identities 50 --format png --test-share 0.2 --seed 1
      fomm avatars --out benchmark --benchmark 16
      fomm avatars --out swapped --benchmark 16 --swapped
    """  # noqa: D301 - click reads the backspace itself
    from fomm_train.cli.synthetic import write_cases, write_dataset
    from fomm_train.config import AvatarParams
    from fomm_train.synthetic.dataset import FORMS, DatasetSettings
    from fomm_train.synthetic.drawn.world import DrawnWorld

    quiet = getattr(context.obj, "verbosity", 0) < 0
    if benchmark is not None:
        # Two avatars and their backgrounds are all that is needed at a time.
        write_cases(out, DrawnWorld(size, keep=2), benchmark, seed, swapped, quiet)
        return
    if swapped:
        raise click.UsageError("--swapped: expected with --benchmark")
    params = AvatarParams(
        identities=identities, group=group, motions=motions, frames=frames, seed=seed
    )
    settings = DatasetSettings(params, size, FORMS[FORMS.index(form)], test_share)
    write_dataset(out, DrawnWorld(size, keep=1), settings, quiet)
