"""The section about the data: how large frames are, and where videos lie."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt

from fomm_core.config.section import Section, Unread


class DatasetParams(Section):
    """The frames that the networks see, and the data set that they are trained and tested on.

    Attributes:
        root_dir: folder with ``train/`` and ``test/``, or one flat folder.
        frame_shape: (height, width, channels) of the frames that the networks see.
        id_sampling: names are ``identity#...``; an epoch visits identities.
        avatars, heads: where there is one of these sections, people are drawn or rendered in
            memory and ``root_dir`` is not read.
        pairs_list, augmentation_params: read by training alone.
    """

    root_dir: str = "data"
    frame_shape: Annotated[tuple[PositiveInt, PositiveInt, PositiveInt], Field(strict=False)] = (
        256,
        256,
        3,
    )
    id_sampling: bool = False
    pairs_list: Unread = None
    avatars: Unread = None
    heads: Unread = None
    augmentation_params: Unread = Field(default_factory=dict)
