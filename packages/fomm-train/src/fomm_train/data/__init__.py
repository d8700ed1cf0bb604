"""Pairs of frames for training: from videos on the disk to batches that are always ready.

Reading order: :mod:`~fomm_core.dataset` (which videos there are),
:mod:`~fomm_train.data.clip` (any frame of one of them), :mod:`~fomm_train.data.augment`,
:mod:`~fomm_train.data.pairs` (a training sample), :mod:`~fomm_train.data.workers.loader`
(batches, made by worker processes). :mod:`~fomm_train.data.prepare.run` makes data sets of the
model's size from folders of videos.
"""
