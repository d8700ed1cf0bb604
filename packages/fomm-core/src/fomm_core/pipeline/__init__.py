"""Whole animations, from files to a file."""
