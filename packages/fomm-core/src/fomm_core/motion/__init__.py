"""Motion as values: keypoints, their transfer (Section 3.4), smoothing, templates."""
