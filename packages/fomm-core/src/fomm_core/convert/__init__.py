"""Checkpoints of the original PyTorch implementation, to NNabla's files and back."""
