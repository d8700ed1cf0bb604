"""Test videos animated from their own first frames."""
