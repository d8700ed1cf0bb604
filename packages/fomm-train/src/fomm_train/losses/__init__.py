"""The losses, each a pure function of tensors (Section 3.3 of the paper), and what they need.

Every loss function returns a scalar that is already weighted, averaged over the batch and summed
over scales and layers; or ``None`` where its weight turns it off, in which case nothing is
built. Images are (B, C, H, W) in [0, 1]. What a loss compares with (real features, targets,
true keypoints) gets no gradient. The first argument says what computes.
"""
