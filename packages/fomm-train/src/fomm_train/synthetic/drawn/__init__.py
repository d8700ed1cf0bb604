"""Avatars: portraits drawn by code, whose identity, motion and keypoints are known.

Reading order: ``pose.py`` and ``identity.py`` (the records), ``anatomy.py`` (what all avatars
share), ``figure.py`` (how one is put together), ``renderer.py``, ``ground_truth.py``.
"""
