"""The training graph: networks and losses joined, and the step that runs it."""
