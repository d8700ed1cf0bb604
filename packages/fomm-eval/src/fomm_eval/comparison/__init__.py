"""Generated clips compared with real ones, frame by frame."""
