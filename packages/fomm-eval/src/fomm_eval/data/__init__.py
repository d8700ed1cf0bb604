"""Test videos, clips, strips and true keypoints on the disk."""
