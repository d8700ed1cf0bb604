"""Test videos, clips and strips on the disk."""
