"""Building of the head model's assets from clones of the projects that made it."""

from fomm_train.synthetic.heads.build.assemble import FILES, build_assets

__all__ = ["FILES", "build_assets"]
