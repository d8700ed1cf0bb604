"""``fomm avatars``: a data set of portraits drawn by code."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from fomm_train.cli.dataset_options import DatasetDefaults, DatasetOptions, dataset_options


@click.command(name="avatars")
@dataset_options(
    DatasetDefaults(people="avatars", identities=100, motions=16, size=128, smallest=16)
)
@click.pass_context
def command(context: click.Context, options: DatasetOptions) -> None:
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
    from fomm_core.cli.main import is_quiet
    from fomm_train.cli.synthetic import write_people
    from fomm_train.config import AvatarParams
    from fomm_train.synthetic.drawn.world import DrawnWorld

    quiet = is_quiet(context.obj)
    out = cast("Path", options.out)  # required
    # The two avatars of a case and their backgrounds, or the one of a clip.
    world = DrawnWorld(options.size, keep=2 if options.benchmark else 1)
    write_people(options, out, world, AvatarParams(), quiet)
