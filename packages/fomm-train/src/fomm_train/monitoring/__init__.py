"""Everything that a training shows and writes for the eye: series, sheets, curves, progress."""
