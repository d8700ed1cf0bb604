"""Motion as values: keypoints, their transfer (Section 3.1), smoothing, templates."""
